import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { affineOf, type QuantType, quantizeNumber, quantRange, typeRange } from './numbers.ts'
import { type FloatWeights, quantizeWeights, type WeightLayout, weightSqnrDb } from './weights.ts'

/** Element by element, by the index in every dimension. */
function obvious({ values, shape }: FloatWeights, { type, symmetric, reduced, axis }: WeightLayout) {
  const channelOf = (flat: number): number => {
    if (axis === null) return 0
    const inner = shape.slice(axis + 1).reduce((all, size) => all * size, 1)
    return Math.floor(flat / inner) % shape[axis]!
  }
  const channels = axis === null ? 1 : shape[axis]!
  const affines = Array.from({ length: channels }, (_, channel) => {
    const own = [...values].filter((_, flat) => channelOf(flat) === channel)
    return affineOf(Math.min(...own, 0), Math.max(...own, 0), quantRange(type, { symmetric, reduced }), symmetric)
  })
  const quantized = [...values].map((value, flat) => quantizeNumber(value, affines[channelOf(flat)]!, typeRange(type)))
  return { affines, quantized }
}

const layout = fc.record({
  type: fc.constantFrom<QuantType>('int8', 'uint8'),
  symmetric: fc.boolean(),
  reduced: fc.boolean(),
  axis: fc.constantFrom(null, 0, 1, 2),
})
const weights = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 4 }))
  .chain((shape) => {
    const length = shape[0] * shape[1] * shape[2]
    const plain = fc.float({ min: -2, max: 2, noNaN: true })
    const any = fc.float({ noNaN: true, noDefaultInfinity: true })
    const element = fc.oneof({ weight: 5, arbitrary: plain }, any, fc.constant(0))
    return fc.array(element, { minLength: length, maxLength: length }).map((list) => ({ shape, values: Float32Array.from(list) }))
  })

describe('quantizeWeights', () => {
  test('equals the slow way, for every layout', () => {
    fc.assert(
      fc.property(weights, layout, (given, how) => {
        const quick = quantizeWeights(given, how)!
        const slow = obvious(given, how)
        expect([...quick.scales]).toEqual(slow.affines.map(({ scale }) => scale))
        expect([...quick.zeroPoints]).toEqual(slow.affines.map(({ zeroPoint }) => zeroPoint + 0))
        expect([...quick.values]).toEqual(slow.quantized.map((one) => one + 0))
      }),
      { numRuns: 400 },
    )
  })

  test('zeros alone, one number, no numbers', () => {
    const how: WeightLayout = { type: 'int8', symmetric: true, reduced: false, axis: 1 }
    const zeros = quantizeWeights({ values: new Float32Array(6), shape: [3, 2] }, how)!
    expect([[...zeros.values], [...zeros.scales]]).toEqual([new Array(6).fill(0), [1, 1]])
    const one = quantizeWeights({ values: Float32Array.of(-5), shape: [1, 1] }, how)!
    expect([[...one.values], [...one.scales]]).toEqual([[-127], [Math.fround(10 / 254)]])
    const none = quantizeWeights({ values: new Float32Array(0), shape: [0, 2] }, how)!
    expect([[...none.values], [...none.scales]]).toEqual([[], [1, 1]])
  })

  test('refuses NaN and infinity wherever they stand', () => {
    for (const axis of [null, 0, 1]) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        for (let at = 0; at < 6; at++) {
          const values = Float32Array.of(1, -2, 3, 4, 5, -6)
          values[at] = bad
          const how: WeightLayout = { type: 'uint8', symmetric: false, reduced: false, axis }
          expect(quantizeWeights({ values, shape: [2, 3] }, how)).toBeUndefined()
        }
      }
    }
  })
})

test('weightSqnrDb: signal over noise, worked out', () => {
  // 127 and 0.4 with scale 1: 0.4 is lost. 10 log10((127² + 0.16) / 0.16) = 50.03 dB, within what float32 holds of 0.4.
  const given = { values: Float32Array.of(127, 0.4), shape: [2] }
  const quantized = quantizeWeights(given, { type: 'int8', symmetric: true, reduced: false, axis: null })!
  expect(weightSqnrDb(given, quantized)).toBeCloseTo(10 * Math.log10((127 ** 2 + 0.16) / 0.16), 4)
  const zeros = { values: new Float32Array(3), shape: [3] }
  const lost = quantizeWeights(zeros, { type: 'int8', symmetric: true, reduced: false, axis: null })!
  expect(weightSqnrDb(zeros, lost)).toBe(Number.POSITIVE_INFINITY)
})
