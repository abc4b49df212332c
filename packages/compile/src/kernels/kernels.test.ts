// Every kernel beside its plain loop: the same bits in one pass, the same up to rounding with SIMD.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as kernels from './index.ts'

const { plain } = kernels
const bytesOf = (length: number) => Uint8Array.from({ length }, (_, k) => (k * 37 + 11) % 256)
const imagenet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225], scale: 1 / 255 }
const size = { height: 3, width: 5, channels: 3 }
const odd = Float32Array.of(
  0,
  -0,
  0.5,
  1,
  1.5,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e-45,
  0.0019607844,
  0.998,
)
const rounded = (values: readonly number[]) => Float32Array.from(values)

describe('one pass gives the bits of the plain loop', () => {
  test('normalize, of bytes and of floats', () => {
    const picture = bytesOf(45)
    expect(kernels.normalize(picture, imagenet)).toEqual(rounded(plain.normalize(picture, imagenet)))
    expect(kernels.normalize(odd, imagenet)).toEqual(rounded(plain.normalize(odd, imagenet)))
  })

  test('layouts, there and back', () => {
    const picture = bytesOf(45)
    const planes = kernels.hwcToChw(picture, size)
    expect(planes).toEqual(Uint8Array.from(plain.hwcToChw(picture, size)))
    expect(kernels.chwToHwc(planes, size)).toEqual(picture)
    expect(plain.chwToHwc(planes, size)).toEqual(Array.from(picture))
  })

  test('toTensor is both', () => {
    const picture = bytesOf(45)
    const both = plain.hwcToChw(plain.normalize(picture, imagenet), size)
    expect(kernels.toTensor(picture, size, imagenet)).toEqual(rounded(both))
  })

  test('bytes to floats and back', () => {
    const all = Uint8Array.from({ length: 256 }, (_, k) => k)
    expect(kernels.toFloat(all)).toEqual(rounded(plain.toFloat(all)))
    expect(kernels.toBytes(kernels.toFloat(all))).toEqual(all)
    expect(kernels.toBytes(odd)).toEqual(Uint8Array.from(plain.toBytes(odd)))
  })

  test.each([[{ height: 7, width: 4 }], [{ height: 1, width: 1 }], [{ height: 3, width: 5 }], [{ height: 2, width: 9 }]])(
    'resize to %o',
    (to) => {
      const picture = bytesOf(45)
      expect(kernels.resize(picture, size, to)).toEqual(rounded(plain.resize(picture, size, to)))
    },
  )

  test('resize to its own size is the picture', () => {
    expect(kernels.resize(bytesOf(45), size, size)).toEqual(Float32Array.from(bytesOf(45)))
  })

  test('oneHot, with labels outside', () => {
    const labels = [0, 2, -1, 3, 1.5]
    expect(kernels.oneHot(labels, 3)).toEqual(rounded(plain.oneHot(labels, 3)))
  })

  test('standardScale, windows, padStack', () => {
    const rows = Float64Array.from({ length: 12 }, (_, k) => k / 7)
    expect(kernels.standardScale(rows, [1, 2, 3], [0.5, 2, 3])).toEqual(
      rounded(plain.standardScale(rows, [1, 2, 3], [0.5, 2, 3])),
    )
    const signal = Float32Array.from({ length: 50 }, (_, k) => Math.sin(k))
    expect(kernels.windows(signal, { size: 16, hop: 7 })).toEqual(rounded(plain.windows(signal, { size: 16, hop: 7 })))
    expect(kernels.windows(signal, { size: 64, hop: 7 })).toEqual(new Float32Array(0))
    const ragged = [[1, 2, 3], [], [4]]
    expect(kernels.padStack(ragged, -1)).toEqual(rounded(plain.padStack(ragged, -1)))
    expect(kernels.padStack([])).toEqual(new Float32Array(0))
  })

  test('property: any bytes, any normalization', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.double({ min: 0.01, max: 300, noNaN: true }), (bytes, std) => {
        const one = { mean: [std / 3], std: [std] }
        expect(kernels.normalize(bytes, one)).toEqual(rounded(plain.normalize(bytes, one)))
      }),
      { numRuns: 40 },
    )
  })
})

test('an array that was made before is filled, and one that does not fit is refused', () => {
  const out = new Float32Array(45)
  expect(kernels.normalize(bytesOf(45), imagenet, out)).toBe(out)
  expect(() => kernels.normalize(bytesOf(45), imagenet, new Float32Array(44))).toThrow('out has 44 elements, the result 45')
  expect(() => kernels.hwcToChw(bytesOf(44), size)).toThrow('not an image of 3 x 5 x 3')
  expect(() => kernels.normalize(bytesOf(44), imagenet)).toThrow('not a whole number of pixels')
  const reused = new Float32Array(6).fill(9)
  expect(kernels.oneHot([1, 0], 3, reused)).toEqual(Float32Array.of(0, 1, 0, 1, 0, 0))
})

describe('SIMD', () => {
  test('is here', () => expect(kernels.hasSimd()).toBe(true))

  test.each([1, 15, 16, 17, 47, 64])('tensorKernel of %i pixels, all of them', (width) => {
    const shape = { height: 1, width, channels: 3 }
    const kernel = kernels.tensorKernel(shape, imagenet)
    kernel.input.set(bytesOf(width * 3))
    const expected = kernels.toTensor(bytesOf(width * 3), shape, imagenet)
    for (const [k, value] of kernel.run().entries()) expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-6)
    expect(kernel.output).toHaveLength(width * 3)
  })

  test.each([0, 1, 3, 4, 5, 47, 64])('layoutKernel of %i pixels: the same bits, there and back', (width) => {
    const shape = { height: 1, width, channels: 3 }
    const [there, back] = [kernels.layoutKernel(shape), kernels.layoutKernel(shape, 'hwc')]
    const picture = Float32Array.from({ length: width * 3 }, (_, k) => [k / 3, Number.NaN, -0, Number.NEGATIVE_INFINITY][k % 4]!)
    there.input.set(picture)
    expect(there.run()).toEqual(Float32Array.from(kernels.plain.hwcToChw(picture, shape)))
    back.input.set(there.output)
    expect(back.run()).toEqual(picture)
  })

  test.each([0, 1, 7, 8, 9, 100])('affineKernel of %i elements', (length) => {
    const kernel = kernels.affineKernel(length)
    kernel.input.set(Float32Array.from({ length }, (_, k) => k - 3))
    const expected = Float32Array.from({ length }, (_, k) => (k - 3) * 0.5 + 0.25)
    expect(kernel.run(0.5, 0.25)).toEqual(expected)
  })

  test.each([0, 1, 15, 16, 17, 100])('bytesKernel of %i bytes', (length) => {
    const kernel = kernels.bytesKernel(length)
    kernel.input.set(bytesOf(length))
    expect(kernel.run(0.5, 0.25)).toEqual(Float32Array.from(bytesOf(length), (value) => value * 0.5 + 0.25))
  })

  test('other channels are refused', () => {
    expect(() => kernels.tensorKernel({ height: 1, width: 1, channels: 4 }, imagenet)).toThrow('three channels')
    expect(() => kernels.layoutKernel({ height: 1, width: 1, channels: 1 })).toThrow('three channels')
  })
})
