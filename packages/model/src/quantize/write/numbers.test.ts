import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  affineOf,
  type QuantizationParameters,
  type QuantType,
  quantizeNumber,
  quantRange,
  roundHalfEven,
  typeRange,
} from './numbers.ts'

const realNumber = (quantized: number, { scale, zeroPoint }: QuantizationParameters): number => scale * (quantized - zeroPoint)

const types = fc.constantFrom<QuantType>('int8', 'uint8')
const options = fc.record({ symmetric: fc.boolean(), reduced: fc.boolean() })
const float32 = fc.float({ noNaN: true, noDefaultInfinity: true })
/** Numbers as weights have them, and the far ends. */
const number = fc.oneof({ weight: 3, arbitrary: fc.float({ min: -8, max: 8, noNaN: true }) }, float32)

/** Digit by digit: the nearest whole number, of two equally near ones the even one. */
function obviousRound(x: number): number {
  const below = Math.floor(x)
  if (x - below < 0.5) return below
  if (x - below > 0.5) return below + 1
  return below % 2 === 0 ? below : below + 1
}

describe('roundHalfEven', () => {
  test('halves go to the even neighbour', () => {
    expect([0.5, 1.5, 2.5, -0.5, -1.5, -2.5].map((x) => roundHalfEven(x) + 0)).toEqual([0, 2, 2, 0, -2, -2])
  })

  test('as the definition says', () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), (x) => {
        expect(roundHalfEven(x)).toBeCloseTo(obviousRound(x), 9)
        const half = Math.trunc(x) + 0.5
        expect(roundHalfEven(half)).toBeCloseTo(obviousRound(half), 9)
      }),
    )
  })
})

describe('affineOf', () => {
  test('ranges of the types, from the documentation of onnxruntime.quantization', () => {
    const of = (type: QuantType, symmetric: boolean, reduced: boolean) => Object.values(quantRange(type, { symmetric, reduced }))
    expect(of('int8', true, false)).toEqual([-127, 127])
    expect(of('int8', false, false)).toEqual([-128, 127])
    expect(of('uint8', true, false)).toEqual([0, 255])
    expect(of('uint8', false, false)).toEqual([0, 255])
    expect(of('int8', true, true)).toEqual([-64, 64])
    expect(of('uint8', false, true)).toEqual([0, 127])
  })

  test('worked out by hand', () => {
    // -1 to 3 in 255 steps; -1 is at 0 - (-1) * 255 / 4 = 63.75.
    expect(affineOf(-1, 3, typeRange('uint8'), false)).toEqual({ scale: Math.fround(4 / 255), zeroPoint: 64 })
    // Widened to 0.
    expect(affineOf(2, 3, typeRange('uint8'), false)).toEqual({ scale: Math.fround(3 / 255), zeroPoint: 0 })
    // Symmetric: -3 to 3; the middle of 0 to 255 is 127.5, rounded to the even 128.
    expect(affineOf(-1, 3, typeRange('uint8'), true)).toEqual({ scale: Math.fround(6 / 255), zeroPoint: 128 })
    expect(affineOf(-1, 3, quantRange('int8', { symmetric: true, reduced: false }), true)).toEqual({
      scale: Math.fround(6 / 254),
      zeroPoint: 0,
    })
  })

  test('ranges too small for a normal scale', () => {
    for (const [low, high] of [
      [0, 0],
      [0, 1e-40],
      [-1e-37, 1e-37],
    ] as const) {
      expect(affineOf(low, high, typeRange('uint8'), false)).toEqual({ scale: 1, zeroPoint: 0 })
    }
    // 255 normal steps fit just in.
    const high = 256 * 2 ** -126
    expect(affineOf(0, high, typeRange('uint8'), false).scale).toBe(Math.fround(high / 255))
  })

  test('the largest float32 numbers have a finite scale', () => {
    const most = Math.fround(3.4028234e38)
    expect(affineOf(-most, most, typeRange('uint8'), false).scale).toBe(Math.fround((2 * most) / 255))
  })

  test('0 is exact, the zero point is in the range, and no number is off by more than a step', () => {
    fc.assert(
      fc.property(types, options, number, number, (type, option, a, b) => {
        const range = quantRange(type, option)
        const [low, high] = [Math.min(a, b), Math.max(a, b)]
        const affine = affineOf(low, high, range, option.symmetric)
        expect(affine.zeroPoint).toBeGreaterThanOrEqual(range.min)
        expect(affine.zeroPoint).toBeLessThanOrEqual(range.max)
        expect(affine.scale).toBe(Math.fround(affine.scale))
        expect(affine.scale).toBeGreaterThan(0)
        expect(realNumber(quantizeNumber(0, affine, typeRange(type)), affine) + 0).toBe(0)
        for (const x of [low, high, low / 3, high / 7]) {
          const error = Math.abs(realNumber(quantizeNumber(x, affine, typeRange(type)), affine) - x)
          // Half a step, and half a step more where the zero point was rounded.
          expect(error).toBeLessThanOrEqual(1.01 * affine.scale)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('symmetric ranges give the same size to x and -x', () => {
    fc.assert(
      fc.property(fc.boolean(), number, (reduced, x) => {
        const range = quantRange('int8', { symmetric: true, reduced })
        const affine = affineOf(-Math.abs(x), Math.abs(x), range, true)
        expect(affine.zeroPoint + 0).toBe(0)
        expect(quantizeNumber(x, affine, range) + quantizeNumber(-x, affine, range)).toBe(0)
      }),
    )
  })
})

test('numbers beyond the range are clipped, infinite ones too', () => {
  const affine = { scale: 0.5, zeroPoint: 10 }
  const quantized = [1e30, -1e30, 3.4e38, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0.25, 0.75]
  expect(quantized.map((x) => quantizeNumber(x, affine, typeRange('uint8')))).toEqual([255, 0, 255, 255, 0, 10, 12])
})
