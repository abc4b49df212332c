import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bothResults, observedRanges } from '../../../test/support/quantize/write/check-quantize.ts'
import { here } from '../../../test/support/quantize/write/example-options.ts'
import { meanError, type WeightOrder } from './bias-correction.ts'
import { quantize } from './quantize.ts'
import { quantizeWeights } from './weights.ts'

const floats = (length: number) => fc.array(fc.float({ min: -2, max: 2, noNaN: true }), { minLength: length, maxLength: length })

describe('meanLost', () => {
  test('a matrix, turned or not: the product of the means with what rounding changed', () => {
    fc.assert(
      fc.property(floats(12), floats(4), fc.boolean(), (list, means, turned) => {
        const shape = turned ? [3, 4] : [4, 3]
        const weights = { values: Float32Array.from(list), shape }
        const quantized = quantizeWeights(weights, { type: 'int8', symmetric: true, reduced: false, axis: turned ? 0 : 1 })!
        const lost = meanError(weights, quantized, { kind: 'matrix', turned }, { axis: 1, means })!
        for (let output = 0; output < 3; output++) {
          const expected = means.reduce((sum, mean, input) => {
            const at = turned ? output * 4 + input : input * 3 + output
            return sum + mean * (weights.values[at]! - quantized.scales[output]! * quantized.values[at]!)
          }, 0)
          expect(lost[output]).toBeCloseTo(expected, 10)
        }
      }),
    )
  })

  test('a convolution by groups: each output has the channels of its group', () => {
    // Two groups of one input each; the weight 0.4 of output 0 rounds to 0 beside 127, that of output 1 too.
    const weights = { values: Float32Array.of(127, 0.4, 0.4, 127), shape: [2, 1, 2] }
    const quantized = quantizeWeights(weights, { type: 'int8', symmetric: true, reduced: false, axis: 0 })!
    const order: WeightOrder = { kind: 'convolution', groups: 2 }
    const lost = meanError(weights, quantized, order, { axis: 1, means: [10, 100] })!
    expect(lost[0]).toBeCloseTo(4, 5)
    expect(lost[1]).toBeCloseTo(40, 5)
    expect(meanError(weights, quantized, order, { axis: 1, means: [10] })).toBeUndefined()
  })
})

test('outputs keep their mean', async () => {
  // Every small weight of a channel is rounded down to 0 beside its one large weight, so that sums of positive inputs fall short.
  const kernel = Float32Array.from({ length: 4 * 32 }, (_, k) => (k % 32 === 0 ? 127 : 0.4))
  const values = Float32Array.from({ length: 32 * 9 }, (_, k) => 1 + ((k * 5) % 7) / 7)
  const before = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'kernel'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 32, 3, 3])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [floatTensor('kernel', [4, 32, 1, 1], kernel)],
    }),
  )
  const feeds = { x: { dtype: 'float32' as const, shape: [1, 32, 3, 3], data: values } }
  const means = Array.from(
    { length: 32 },
    (_, channel) => values.subarray(9 * channel, 9 * channel + 9).reduce((a, b) => a + b) / 9,
  )
  const asked = {
    layers: new Map([['y', 'static' as const]]),
    ranges: await observedRanges(before, [feeds]),
    options: here,
  }
  const shiftOf = async (choice: Parameters<typeof quantize>[1]) => {
    const [a, b] = await bothResults(before, quantize(before, choice).model, feeds)
    const mean = (data: unknown) => (data as Float32Array).reduce((sum, value) => sum + value, 0) / 36
    return Math.abs(mean(a.y!.data) - mean(b.y!.data))
  }
  const plain = await shiftOf(asked)
  const corrected = await shiftOf({ ...asked, means: new Map([['x', { axis: 1, means }]]) })
  // 31 weights of 0.4 and inputs of 1.43 on average: about 17.7 are lost.
  expect(plain).toBeGreaterThan(15)
  expect(corrected).toBeLessThan(1)
})

test('a bias that only fits with larger scales once it is corrected has them, and is not cut off', () => {
  const before = modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'kernel', 'bias'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 2, 3, 3])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [floatTensor('kernel', [1, 2, 1, 1], [127e-9, 0.4e-9]), floatTensor('bias', [1], [1e-3])],
    }),
  )
  const { model: after } = quantize(before, {
    layers: new Map([['y', 'static' as const]]),
    ranges: new Map(['x', 'y'].map((name) => [name, { low: 0, high: 1 }])),
    options: { ...here, reduceRange: false },
    means: new Map([['x', { axis: 1, means: [0, 1e9] }]]),
  })
  // Steps of 1e-9 / 255 reach to 0.0084: enough for 0.001, not for 0.4 more, which rounding 0.4e-9 to 0 costs.
  const { rawData } = after.proto.graph!.initializer.find(({ name, dataType }) => dataType === 6 && name.endsWith('_quantized'))!
  const scale = after.proto.graph!.initializer.find(({ name }) => name === 'bias_quantized_scale')!
  const [steps] = new Int32Array(rawData!.slice().buffer)
  const step = new Float32Array(scale.rawData!.slice().buffer)[0] ?? scale.floatData[0]!
  expect(steps).toBeLessThan(2 ** 31 - 1)
  expect(steps! * step).toBeCloseTo(0.401, 5)
})
