import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mulberry32, normal } from '../random.ts'
import { type BlockLayout, quantizeBlocks, realBlocks } from './block-weights.ts'

const layout = fc.record<BlockLayout>({
  bits: fc.constantFrom(4, 8),
  blockSize: fc.constantFrom(16, 32),
  symmetric: fc.boolean(),
})
const matrix = fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 3 })).chain(([k, n]) => {
  const element = fc.oneof(
    { weight: 6, arbitrary: fc.float({ min: -3, max: 3, noNaN: true }) },
    fc.constant(0),
    // Closer to the end of float32, what comes back can be beyond it.
    fc.float({ min: -Math.fround(1e37), max: Math.fround(1e37), noNaN: true }),
  )
  return fc.array(element, { minLength: k * n, maxLength: k * n }).map((list) => ({ k, n, values: Float32Array.from(list) }))
})

describe('quantizeBlocks', () => {
  test('4 bits, symmetric, worked out', () => {
    // The largest is -4: scale 4/8 = 0.5, so that -4 is code 0; 3.5 is 8 + 7 = 15, and 1 is 8 + 2 = 10. 0.25 is half a step: 8.5
    // goes away from 0, to 9. The rest of the block is 0: code 8; what pads beyond K is code 0.
    const values = Float32Array.of(-4, 3.5, 1, 0.25, 0)
    const { packed, scales, zeroPoints } = quantizeBlocks(
      values,
      { k: 5, n: 1, turned: false },
      { bits: 4, blockSize: 16, symmetric: true },
    )!
    expect([...scales]).toEqual([0.5])
    expect(zeroPoints).toBeNull()
    expect([...packed]).toEqual([15 << 4, (9 << 4) | 10, 8, 0, 0, 0, 0, 0])
  })

  test('a positive largest number has a negative scale, and the code 0 too', () => {
    const { packed, scales } = quantizeBlocks(
      Float32Array.of(4, -3.5),
      { k: 2, n: 1, turned: false },
      { bits: 4, blockSize: 16, symmetric: true },
    )!
    expect([scales[0], packed[0]]).toEqual([-0.5, 15 << 4])
  })

  test('4 bits, asymmetric, two blocks: zero points share a byte, the first in its low half', () => {
    // 0 to 15: scale 1, zero point 0. -15 to 0: scale 1, zero point 15.
    const values = Float32Array.from({ length: 32 }, (_, k) => (k < 16 ? k : 16 - k))
    const { scales, zeroPoints, packed } = quantizeBlocks(
      values,
      { k: 32, n: 1, turned: false },
      { bits: 4, blockSize: 16, symmetric: false },
    )!
    expect([...scales]).toEqual([1, 1])
    expect([...zeroPoints!]).toEqual([15 << 4])
    expect([packed[0], packed[7], packed[8]]).toEqual([1 << 4, (15 << 4) | 14, (14 << 4) | 15])
  })

  test('every number comes back within half a step, a symmetric one at the end of the range within one', () => {
    fc.assert(
      fc.property(matrix, layout, ({ k, n, values }, how) => {
        const quantized = quantizeBlocks(values, { k, n, turned: true }, how)!
        const back = realBlocks(quantized, how)
        values.forEach((value, at) => {
          const scale = Math.abs(quantized.scales[Math.floor(at / k) * quantized.blocks + Math.floor((at % k) / how.blockSize)]!)
          const step = Math.max(scale, 2 ** -120)
          expect(Math.abs(back[at]! - value)).toBeLessThanOrEqual(1.01 * step)
        })
      }),
      { numRuns: 300 },
    )
  })

  test('a scale that is searched for is never worse, and better where one number is far from all others', () => {
    fc.assert(
      fc.property(matrix, layout, ({ k, n, values }, how) => {
        const [plain, searched] = [false, true].map(
          (search) => quantizeBlocks(values, { k, n, turned: true }, { ...how, search })!,
        )
        expect(searched!.sqnrDb).toBeGreaterThanOrEqual(plain!.sqnrDb - 1e-3)
      }),
      { numRuns: 300 },
    )
    // Weights of a network are about normal: a search keeps a few tenths of a decibel more of them at 4 bits.
    const random = mulberry32(5)
    const values = Float32Array.from({ length: 64 * 32 }, () => normal(random))
    for (const [symmetric, more] of [
      [true, 0.4],
      [false, 0.2],
    ] as const) {
      const [plain, searched] = [false, true].map(
        (search) => quantizeBlocks(values, { k: 32, n: 64, turned: true }, { bits: 4, blockSize: 32, symmetric, search })!.sqnrDb,
      )
      expect(searched! - plain!).toBeGreaterThan(more)
    }
  })

  test('turned or not, the same codes', () => {
    fc.assert(
      fc.property(matrix, layout, ({ k, n, values }, how) => {
        const turned = Float32Array.from(values, (_, at) => values[(at % k) * n + Math.floor(at / k)]!)
        expect(quantizeBlocks(turned, { k, n, turned: true }, how)).toEqual(quantizeBlocks(values, { k, n, turned: false }, how))
      }),
    )
  })

  test('zeros alone; NaN and infinity are refused', () => {
    const how: BlockLayout = { bits: 4, blockSize: 16, symmetric: true }
    const zeros = quantizeBlocks(new Float32Array(20), { k: 20, n: 1, turned: false }, how)!
    expect([...realBlocks(zeros, how)].map(Math.abs)).toEqual(new Array(20).fill(0))
    expect(zeros.sqnrDb).toBe(Number.POSITIVE_INFINITY)
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const values = new Float32Array(20)
      values[17] = bad
      expect(quantizeBlocks(values, { k: 20, n: 1, turned: false }, how)).toBeUndefined()
    }
  })
})
