import type { DType, GraphView } from '@whyslow/graph/types.ts'
import { describe, expect, it } from 'vitest'
import type { Results, TensorValue } from '../engines/types.ts'
import { compareOutputs } from './compare.ts'

const floats = (values: readonly number[], shape: readonly number[] = [1, values.length]): TensorValue => ({
  dtype: 'float32',
  shape,
  data: Float32Array.from(values),
})
const int64 = (values: readonly number[], shape: readonly number[] = [values.length]): TensorValue => ({
  dtype: 'int64',
  shape,
  data: BigInt64Array.from(values, BigInt),
})
const strings = (values: readonly string[]): TensorValue => ({ dtype: 'string', shape: [values.length], data: values })
/** One sample with one output. */
const one = (value: TensorValue, name = 'y'): Results[] => [{ [name]: value }]

describe('compareOutputs', () => {
  it('finds equal what is equal bit for bit', () => {
    const agreement = compareOutputs(one(floats([1, -2, Number.NaN])), one(floats([1, -2, Number.NaN])))
    expect(agreement).toMatchObject({ mismatch: null, equal: true, maxAbs: 0, maxRelative: 0, cosine: 1, sqnrDb: null })
  })

  it('measures differences against the largest number of the output, over all samples', () => {
    // Differences 0 and 1 in the first sample, 0.5 in the second; the largest |x| is 8 in the second: 1 / 8.
    const agreement = compareOutputs(
      [{ y: floats([3, 4], [1, 1, 2]) }, { y: floats([-8, 0], [1, 1, 2]) }],
      [{ y: floats([3, 5], [1, 1, 2]) }, { y: floats([-8, 0.5], [1, 1, 2]) }],
    )
    expect(agreement.outputs[0]).toMatchObject({ meaning: 'values', scale: 8, equalShare: 0.5, top1: null })
    expect(agreement).toMatchObject({ equal: false, maxAbs: 1, maxRelative: 0.125 })
    // (9 + 20) / (5 sqrt(34)) is below 64 / (8 sqrt(64.25)) = 0.998.
    expect(agreement.cosine).toBeCloseTo(29 / (5 * Math.sqrt(34)), 12)
    // Signal 9 + 16 + 64 = 89, noise 1 + 0.25.
    expect(agreement.sqnrDb).toBeCloseTo(10 * Math.log10(89 / 1.25), 12)
  })

  it('takes the worst over the outputs', () => {
    const agreement = compareOutputs(
      [{ a: floats([1, 0], [1, 1, 2]), b: floats([100, 100], [1, 1, 2]) }],
      [{ a: floats([1, 1], [1, 1, 2]), b: floats([100, 98], [1, 1, 2]) }],
    )
    expect(agreement).toMatchObject({ maxAbs: 2, maxRelative: 1 })
    expect(agreement.cosine).toBeCloseTo(Math.SQRT1_2, 12)
  })

  it('calls zeros alike, and knows zero from something', () => {
    const zeros = floats([0, 0], [1, 1, 2])
    expect(compareOutputs(one(zeros), one(floats([0, -0], [1, 1, 2])))).toMatchObject({ equal: false, maxAbs: 0, cosine: 1 })
    expect(compareOutputs(one(zeros), one(floats([0, 1], [1, 1, 2])))).toMatchObject({
      cosine: 0,
      maxRelative: Number.POSITIVE_INFINITY,
      sqnrDb: null,
    })
    // A sample that is as good as zero beside the others has no direction worth comparing.
    const samples = (tiny: number) => [{ y: floats([1, 0], [1, 1, 2]) }, { y: floats([tiny, 0], [1, 1, 2]) }]
    expect(compareOutputs(samples(1e-9), samples(-1e-9)).cosine).toBe(1)
    expect(compareOutputs(samples(1e-3), samples(-1e-3)).cosine).toBe(-1)
  })

  it('does not let numbers that mark masked places hide the rest', () => {
    const masked = [0.5, 2, -3.4028234663852886e38, -1e9]
    const agreement = compareOutputs(one(floats(masked, [1, 1, 4])), one(floats([0.5, 2.5, ...masked.slice(2)], [1, 1, 4])))
    expect(agreement.outputs[0]!.scale).toBe(2)
    expect(agreement.maxRelative).toBe(0.25)
    // Large numbers without a gap are what they are.
    const wide = floats([1, 100, 9000], [1, 1, 3])
    expect(compareOutputs(one(wide), one(wide)).outputs[0]!.scale).toBe(9000)
  })

  it.each([
    [
      'a dtype',
      one(floats([1])),
      one({ dtype: 'float64', shape: [1, 1], data: Float64Array.of(1) }),
      /'y' is float64 where it was float32/,
    ],
    ['a shape', one(floats([1, 2])), one(floats([1, 2], [2, 1])), /'y' is \[2,1\] where it was \[1,2\]/],
    ['a rank', one(floats([1])), one(floats([1], [1])), /'y' is \[1\] where it was \[1,1\]/],
    ['a lost output', one(floats([1])), one(floats([1]), 'z'), /'y' is gone/],
    ['NaN', one(floats([1, 2])), one(floats([1, Number.NaN])), /'y' is NaN where it was 2 \(sample 0, element 1\)/],
    ['a number for NaN', one(floats([Number.NaN])), one(floats([0])), /'y' is 0 where it was NaN/],
    ['the other infinity', one(floats([Number.POSITIVE_INFINITY])), one(floats([Number.NEGATIVE_INFINITY])), /is -Infinity/],
    [
      'fewer samples',
      [...one(floats([1])), ...one(floats([1]))],
      one(floats([1])),
      /1 samples were predicted where the original/,
    ],
    ['no samples', [], [], /no sample/],
  ])('%s is a mismatch', (_, original, candidate, reason) => {
    const agreement = compareOutputs(original, candidate)
    expect(agreement.mismatch).toMatch(reason)
    expect(agreement).toMatchObject({ equal: false, maxAbs: Number.POSITIVE_INFINITY, cosine: null })
  })

  it('looks at the outputs asked for only, and not at new ones', () => {
    const original = [{ y: floats([1]), z: floats([1]) }]
    expect(compareOutputs(original, [{ y: floats([1]) }], { outputs: ['y'] }).equal).toBe(true)
    expect(compareOutputs(one(floats([1])), [{ y: floats([1]), extra: floats([9]) }]).equal).toBe(true)
  })

  it('compares integers, bools and strings element by element', () => {
    const wide = compareOutputs(one(int64([1, 2, 3, 4], [1, 4])), one(int64([1, 2, 3, 7], [1, 4])))
    expect(wide.outputs[0]).toMatchObject({ meaning: 'values', equalShare: 0.75, cosine: null, maxAbs: 3 })
    // 2^53 and 2^53 + 1 are one number as a double.
    const big = (value: bigint): TensorValue => ({ dtype: 'int64', shape: [1, 2], data: BigInt64Array.of(value, 0n) })
    expect(compareOutputs(one(big(2n ** 53n)), one(big(2n ** 53n + 1n))).outputs[0]!.equalShare).toBe(0.5)
    const text = compareOutputs(one(strings(['a', 'b'])), one(strings(['a', 'c'])))
    expect(text.outputs[0]).toMatchObject({ meaning: 'label', equalShare: 0.5, top1: 0.5 })
  })

  it('reads float16 as the numbers it holds', () => {
    // 0x3c00 is 1, 0x3c01 the next number, 1 + 2^-10.
    const half = (bits: number): TensorValue => ({ dtype: 'float16', shape: [1, 1, 1], data: Uint16Array.of(bits) })
    expect(compareOutputs(one(half(0x3c00)), one(half(0x3c01))).maxAbs).toBe(2 ** -10)
  })
})

describe('top-1 agreement', () => {
  it('counts rows whose best class changed, and forgives ties', () => {
    // Row 1: the same class. Row 2: 5 and 4 change places: a flip. Row 3: 5 and 4.9999 were a tie: 2e-4 of 5 is 1e-3.
    const before = [5, 4, 0, 5, 4, 0, 5, 4.9999, 0, 1, 0, 0]
    const after = [5, 4.5, 0, 4, 5, 0, 4.9999, 5, 0, 1, 0, 0]
    const agreement = compareOutputs(one(floats(before, [4, 3]), 'logits'), one(floats(after, [4, 3]), 'logits'))
    expect(agreement.outputs[0]!.meaning).toBe('scores')
    expect(agreement.top1).toBe(0.75)
  })

  it('is for classes only', () => {
    const meaningOf = (value: TensorValue, name = 'y', graph?: GraphView) =>
      compareOutputs(one(value, name), one(value, name), { graph }).outputs[0]!.meaning
    expect(meaningOf(floats([3, 4]), 'logits')).toBe('scores')
    const ten = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    expect(meaningOf(floats(ten))).toBe('scores')
    expect(meaningOf(floats(ten.slice(1)))).toBe('values')
    expect(meaningOf(floats(ten.map((k) => k / Math.sqrt(285))))).toBe('values') // of length 1: an embedding
    expect(meaningOf(floats([3, 4]), 'boxes')).toBe('values')
    expect(meaningOf(floats([3, 4], [1, 1, 2]))).toBe('values')
    expect(meaningOf(floats([3, 4], [1, 1, 2]), 'token_logits')).toBe('scores')
    expect(meaningOf(floats([0.25, 0.75], [1, 1, 2]))).toBe('scores') // probabilities
    expect(meaningOf(floats([Math.log(0.25), Math.log(0.75)], [1, 1, 2]))).toBe('scores')
    expect(meaningOf(floats([0.4], [1, 1]))).toBe('values')
    expect(meaningOf(floats([0.4], [1, 1]), 'probability')).toBe('binary')
    expect(meaningOf(int64([3]))).toBe('label')
    expect(meaningOf(int64([3, 4], [1, 2]))).toBe('values')
    const node = (opType: string, inputs: string[], outputs: string[]) =>
      ({ name: opType, opType, domain: '', inputs, outputs, attributes: {}, subgraphs: {} }) as const
    const graph: GraphView = {
      name: '',
      nodes: [node('Sigmoid', ['x'], ['s']), node('Squeeze', ['s'], ['y'])],
      inputs: [],
      outputs: [],
      constants: {},
      types: {},
    }
    expect(meaningOf(floats([0.4], [1, 1]), 'y', graph)).toBe('binary')
    expect(meaningOf(floats([0.9, 0.8], [1, 2]), 'y', graph)).toBe('binary') // independent labels
  })

  it('decides yes or no at the threshold, and forgives what stood on it', () => {
    // Probabilities at 0.5: the second changes sides; the third stood on the threshold.
    const agreement = compareOutputs(
      one(floats([0.9, 0.6, 0.50001, 0.1], [4, 1]), 'prob'),
      one(floats([0.8, 0.4, 0.49999, 0.1], [4, 1]), 'prob'),
    )
    expect(agreement.top1).toBe(0.75)
    // Logits at 0.
    expect(compareOutputs(one(floats([2, -2], [2, 1]), 'logit'), one(floats([0.4, 1], [2, 1]), 'logit')).top1).toBe(0.5)
  })

  it('forgives a label whose scores were tied', () => {
    const original = [{ label: int64([0, 0]), p: floats([0.50001, 0.49999, 0.9, 0.1], [2, 2]) }]
    const flipped = (labels: number[]) => [{ label: int64(labels), p: original[0]!.p }]
    expect(compareOutputs(original, flipped([1, 0])).top1).toBe(1)
    expect(compareOutputs(original, flipped([1, 1])).top1).toBe(0.5)
    expect(compareOutputs(original, flipped([1, 1])).maxAbs).toBe(0)
  })
})

describe('the metric', () => {
  const scores = floats([1, 9, 9, 1], [2, 2])
  const worse = floats([1, 9, 1, 9], [2, 2])
  const labels = (values: readonly number[], dtype: DType = 'int32'): TensorValue[] => [
    { dtype, shape: [values.length], data: dtype === 'int32' ? Int32Array.from(values) : Float64Array.from(values) },
  ]

  it('is accuracy where labels are classes, also when a table holds them as floats', () => {
    for (const dtype of ['int32', 'float64'] as const) {
      const agreement = compareOutputs(one(scores), one(worse), { labels: labels([1, 0], dtype) })
      expect(agreement.metric).toMatchObject({ name: 'accuracy', before: 1, after: 0.5 })
    }
  })

  it('does not take the larger of two targets for a decision', () => {
    // 2 and 3 become 1 and 9: the second is the larger as before, and a cosine of 0.92 is no rounding.
    const agreement = compareOutputs(one(floats([2, 3])), one(floats([1, 9])))
    expect(agreement).toMatchObject({ top1: null, cosine: expect.closeTo(29 / Math.sqrt(13 * 82), 9) })
    const asked = { labels: labels([1.5, 3], 'float64') }
    expect(compareOutputs(one(floats([2, 3])), one(floats([1, 9])), asked).metric).toMatchObject({ name: 'mse', before: 0.125 })
  })

  it('takes labels by name from an output of strings', () => {
    const agreement = compareOutputs(
      [{ p: scores, label: strings(['cat', 'dog']) }],
      [{ p: scores, label: strings(['cat', 'cat']) }],
      {
        labels: [strings(['cat', 'dog'])],
      },
    )
    expect(agreement.metric).toMatchObject({ name: 'accuracy', before: 1, after: 0.5 })
  })

  it('takes one float a row under labels of 0 and 1 as yes or no', () => {
    const agreement = compareOutputs(one(floats([0.7, 0.2], [2, 1])), one(floats([0.4, 0.2], [2, 1])), { labels: labels([1, 0]) })
    expect(agreement.metric).toMatchObject({ name: 'accuracy', before: 1, after: 0.5 })
  })

  it('is the mean squared error where labels are targets, or what was asked for', () => {
    const original = one(floats([1, 2], [2, 1]))
    const candidate = one(floats([2, 4], [2, 1]))
    const targets = labels([1.5, 2], 'float64')
    // Before: (0.25 + 0) / 2; after: (0.25 + 4) / 2; absolute: (0.5 + 0) / 2 and (0.5 + 2) / 2.
    expect(compareOutputs(original, candidate, { labels: targets }).metric).toEqual({ name: 'mse', before: 0.125, after: 2.125 })
    expect(compareOutputs(original, candidate, { labels: targets, metric: 'mae' }).metric).toEqual({
      name: 'mae',
      before: 0.25,
      after: 1.25,
    })
  })

  it('says why there is none', () => {
    expect(compareOutputs(one(scores), one(worse), { labels: labels([1, 0, 1]) })).toMatchObject({
      metric: null,
      noMetric: expect.stringMatching(/one number for each label/),
    })
    expect(compareOutputs(one(scores), one(worse), { labels: [] }).noMetric).toMatch(/labels for 0 samples/)
    expect(compareOutputs(one(scores), one(worse))).toMatchObject({ metric: null, noMetric: null })
  })
})
