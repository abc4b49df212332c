import { floatTensor, int64Tensor, model, modelInMemory, node, rawTensor, valueInfo } from '@whyslow/graph/build.ts'
import type { NodeProto, TensorProto } from 'onnx-buf'
import { expect, test } from 'vitest'
import { firstLayers } from './first-layers.ts'

const layersOf = (nodes: readonly NodeProto[], initializers: readonly TensorProto[]) =>
  firstLayers(
    modelInMemory(
      model({
        nodes: [...nodes],
        initializers: [...initializers],
        inputs: [valueInfo('x', 'float32', [1, 3, 8, 8])],
        outputs: [valueInfo('y', 'float32')],
      }),
    ),
    'x',
    3,
  )
const numbers = (name: string, ...values: number[]) => floatTensor(name, [values.length, 1, 1].slice(-3), values)

test('numbers taken from, added and multiplied become one factor and one term for each channel', () => {
  const nodes = [
    node('Transpose', ['x'], ['a']),
    node('Sub', ['a', 'mean'], ['b']),
    node('Div', ['b', 'std'], ['c']),
    node('Sub', ['one', 'c'], ['d']),
    node('Mul', ['two', 'd'], ['e']),
    node('Add', ['e', 'one'], ['y']),
  ]
  // (1 - (x - mean) / std) x 2 + 1
  const { scale, shift } = layersOf(nodes, [
    numbers('mean', 10, 20, 30),
    numbers('std', 2, 4, 5),
    numbers('one', 1),
    numbers('two', 2),
  ])
  expect(scale).toEqual([-1, -0.5, -0.4])
  expect(shift).toEqual([13, 13, 15])
})

test('channels in another order keep their numbers', () => {
  const nodes = [node('Mul', ['x', 'by'], ['a']), node('Gather', ['a', 'order'], ['y'], { axis: 1n })]
  const found = layersOf(nodes, [numbers('by', 1, 2, 3), int64Tensor('order', [3], [2, 1, 0])])
  expect(found).toMatchObject({ scale: [3, 2, 1], order: [2, 1, 0] })
})

test('the normalization of the input itself is known in values of the input', () => {
  const nodes = [node('Mul', ['x', 'by'], ['a']), node('BatchNormalization', ['a', 'g', 'h', 'm', 'v'], ['y'])]
  const each = (name: string, value: number) => floatTensor(name, [3], [value, value, value])
  const { inputMoments } = layersOf(nodes, [numbers('by', 0.5), each('g', 1), each('h', 0), each('m', 10), each('v', 4)])
  expect(inputMoments).toEqual({ mean: [20, 20, 20], variance: [16, 16, 16] })
})

test('weights are read through dequantization, and a sum behind the convolution is its bias', () => {
  const nodes = [
    node('DequantizeLinear', ['w8', 's', 'z'], ['w']),
    node('Conv', ['x', 'w'], ['a']),
    node('Add', ['a', 'b'], ['c']),
    node('Relu', ['c'], ['y']),
  ]
  const { convolution, isActivated } = layersOf(nodes, [
    rawTensor('w8', 'int8', [2, 3, 1, 1], Uint8Array.of(1, 2, 3, 4, 5, 6)),
    floatTensor('s', [2], [0.5, 2]),
    rawTensor('z', 'int8', [2], Uint8Array.of(0, 1)),
    numbers('b', 7, 8),
  ])
  expect(convolution).toMatchObject({ shape: [2, 3, 1, 1], weights: [0.5, 1, 1.5, 6, 8, 10], bias: [7, 8], groups: 1 })
  expect(isActivated).toBe(true)
})

test('a scale that is itself dequantized many times is not followed', () => {
  const names = Array.from({ length: 12 }, (_, k) => `s${k}`)
  const chain = names.slice(1).map((name, k) => node('DequantizeLinear', [names[k]!, names[k]!, names[k]!], [name]))
  const nodes = [...chain, node('DequantizeLinear', ['w8', 's11'], ['w']), node('Conv', ['x', 'w'], ['y'])]
  const weights = rawTensor('w8', 'int8', [1, 3, 1, 1], Uint8Array.of(1, 2, 3))
  expect(layersOf(nodes, [weights, floatTensor('s0', [1], [1])]).convolution).toBeNull()
  // Nor one that is made of itself.
  const circle = [node('Cast', ['s'], ['s']), node('DequantizeLinear', ['w8', 's'], ['w']), node('Conv', ['x', 'w'], ['y'])]
  expect(layersOf(circle, [weights]).convolution).toBeNull()
  // But one that was cast is.
  const cast = [node('Cast', ['s0'], ['s']), node('DequantizeLinear', ['w8', 's'], ['w']), node('Conv', ['x', 'w'], ['y'])]
  expect(layersOf(cast, [weights, floatTensor('s0', [1], [0.5])]).convolution).toMatchObject({ weights: [0.5, 1, 1.5] })
})

test('a convolution that reads pixels too far apart is none of an image', () => {
  const reaching = (dilations: readonly bigint[]) =>
    layersOf([node('Conv', ['x', 'w'], ['y'], { dilations })], [floatTensor('w', [1, 3, 3, 3], Array(27).fill(1))]).convolution
  expect(reaching([2n, 2n])).not.toBeNull()
  expect(reaching([100_000n, 100_000n])).toBeNull()
  expect(reaching([-1n, 1n])).toBeNull()
  expect(reaching([1n])).toBeNull()
})

test('pixels sorted into channels are seen through: the convolution is one of the image', () => {
  const slices = [
    [0, 0],
    [1, 0],
    [0, 1],
    [1, 1],
  ].flatMap(([row, column], k) => [
    node('Slice', ['x', `at${row}`, 'end', 'rows', 'two'], [`r${k}`]),
    node('Slice', [`r${k}`, `at${column}`, 'end', 'columns', 'two'], [`s${k}`]),
  ])
  const nodes = [
    ...slices,
    node('Concat', ['s0', 's1', 's2', 's3'], ['a'], { axis: 1n }),
    node('Conv', ['a', 'w'], ['b']),
    node('Relu', ['b'], ['y']),
  ]
  const weights = Array.from({ length: 12 }, (_, k) => k)
  const { convolution } = layersOf(nodes, [
    ...[0, 1].map((at) => int64Tensor(`at${at}`, [1], [at])),
    int64Tensor('end', [1], [100]),
    int64Tensor('rows', [1], [2]),
    int64Tensor('columns', [1], [-1]),
    int64Tensor('two', [1], [2]),
    floatTensor('w', [1, 12, 1, 1], weights),
  ])
  // The first channel: 0 at the top left, 3 below it, 6 to its right, 9 at the bottom right.
  expect(convolution).toMatchObject({ shape: [1, 3, 2, 2], weights: [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11] })
})

test('nothing is known of an input that goes elsewhere first', () => {
  const found = layersOf([node('FFT', ['x'], ['y'])], [])
  expect(found).toMatchObject({ convolution: null, moments: null, inputMoments: null, scale: [1, 1, 1], shift: [0, 0, 0] })
})
