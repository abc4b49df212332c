import { floatTensor, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { codesOf, written } from '../../../test/support/tflite/write/example-write.ts'
import { dynamicRange, fullInteger, halfFloats } from './index.ts'
import { activationQuantization, quantizedBias, quantizedWeights } from './numbers.ts'

const tensor = (shape: number[], values: number[]) => ({
  name: 'w',
  dtype: 'float32' as const,
  shape,
  data: Float32Array.from(values),
})

describe('numbers', () => {
  test('weights are symmetric by channel, halves away from zero', () => {
    // 127 is the peak of the first channel, so that its scale is 1; the second is all zeros, whose range is made ±5e-7.
    const { data, quantization } = quantizedWeights(tensor([2, 4], [127, 0.5, -0.5, -2.5, 0, 0, 0, 0]), 0, 'exact')
    expect(Array.from(data as Int8Array)).toEqual([127, 1, -1, -3, 0, 0, 0, 0])
    expect(quantization).toEqual({ scales: [1, 5e-7 / 127], zeroPoints: [0, 0], axis: 0 })
  })

  test('the channels of a depthwise kernel are its last axis', () => {
    const { data } = quantizedWeights(tensor([1, 1, 2, 2], [1, 10, -2, 5]), 3, 'exact')
    expect(Array.from(data as Int8Array)).toEqual([64, 127, -127, 64])
  })

  test('a weight that is no number cannot be quantized', () => {
    expect(() => quantizedWeights(tensor([1, 2], [1, Number.NaN]), 0, 'exact')).toThrow(RangeError)
  })

  test('activations have a code for 0, whatever was seen', () => {
    // 0 to 255 in steps of 1: the lowest is -128.
    expect(activationQuantization({ low: 10, high: 255 })).toEqual({ scales: [1], zeroPoints: [-128], axis: 0 })
    expect(activationQuantization({ low: -128, high: 127 })).toEqual({ scales: [1], zeroPoints: [0], axis: 0 })
    // Between two codes TensorFlow's converter takes the one away from 0, as for pictures in ±1.
    expect(activationQuantization({ low: -1, high: 1 }).zeroPoints).toEqual([-1])
  })

  test('biases are in steps of the products', () => {
    const steps = (scales: number[]) => ({ scales, zeroPoints: scales.map(() => 0), axis: 0 })
    const { data, quantization } = quantizedBias(tensor([2], [1, -1]), steps([0.5]), steps([0.25, 0.125]))
    expect(Array.from(data as Int32Array)).toEqual([8, -16])
    expect(quantization!.scales).toEqual([0.125, 0.0625])
  })
})

/** Products of 4 x 3 and of 3 x 400 weights: 12 are too few to be quantized without data, 1200 are enough. */
const graph = written({
  inputs: [valueInfo('x', 'float32', ['batch', 4])],
  outputs: [valueInfo('y', 'float32', ['batch', 400])],
  values: [valueInfo('small', 'float32', ['batch', 3])],
  initializers: [
    floatTensor(
      'w',
      [4, 3],
      Array.from({ length: 12 }, (_, k) => k),
    ),
    floatTensor(
      'large',
      [3, 400],
      Array.from({ length: 1200 }, (_, k) => (k % 7) - 3),
    ),
  ],
  nodes: [node('MatMul', ['x', 'w'], ['small']), node('MatMul', ['small', 'large'], ['y'])],
})

test('dynamic range: weights of 1024 elements and more, and the kernel is told to quantize its input asymmetrically', () => {
  const [small, large] = dynamicRange(graph).operators
  expect([small!.inputs[1]!.dtype, large!.inputs[1]!.dtype]).toEqual(['float32', 'int8'])
  expect(small!.options!.fields.asymmetric_quantize_inputs).toBeUndefined()
  expect(large!.options!.fields.asymmetric_quantize_inputs).toBe(true)
})

test('float16: every constant behind a DEQUANTIZE of its own', () => {
  const half = halfFloats(graph)
  expect(codesOf(half)).toEqual(['DEQUANTIZE', 'FULLY_CONNECTED', 'DEQUANTIZE', 'FULLY_CONNECTED'])
  expect(half.operators[0]!.inputs[0]!.dtype).toBe('float16')
})

test('float16: single numbers stay, of which an erf is made', () => {
  const one = valueInfo('x', 'float32', [2])
  const erf = written({ inputs: [one], outputs: [{ ...one, name: 'y' }], nodes: [node('Erf', ['x'], ['y'])] })
  expect(codesOf(halfFloats(erf))).toEqual(codesOf(erf))
})

describe('full integer', () => {
  const ranges = new Map(Object.entries({ x: { low: -1, high: 1 }, small: { low: -2, high: 2 }, y: { low: -3, high: 3 } }))

  test('everything between float inputs and outputs', () => {
    const integer = fullInteger(graph, ranges)
    expect(codesOf(integer)).toEqual(['QUANTIZE', 'FULLY_CONNECTED', 'FULLY_CONNECTED', 'DEQUANTIZE'])
    expect(integer.outputs[0]!.tensor.dtype).toBe('float32')
  })

  test('what was not seen stays in float32', () => {
    const integer = fullInteger(graph, new Map([...ranges].filter(([name]) => name !== 'y')))
    expect(codesOf(integer)).toEqual(['QUANTIZE', 'FULLY_CONNECTED', 'DEQUANTIZE', 'FULLY_CONNECTED'])
  })
})
