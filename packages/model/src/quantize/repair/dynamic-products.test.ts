import { fileURLToPath } from 'node:url'
import { readOnnx } from '@whyslow/formats/onnx.ts'
import { modelInMemory } from '@whyslow/graph/build.ts'
import { readBytes } from '@whyslow/graph/constants.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import { withGraph } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { integerChain, sharedQuantizer } from '@whyslow/measure/support/engines/onnxruntime/int8/example-integers.ts'
import { expect, test } from 'vitest'
import { dynamicGroups, dynamicProducts, withFloatProducts } from './dynamic-products.ts'
import { quantizedGraph } from './quantized-graph.ts'

function numbersOf(model: Model, name: string): readonly number[] {
  const constant = quantizedGraph(model)!.matching.constant(name)!
  return decodeNumbers(readBytes(model, constant), constant.dtype, constant.elementCount)!
}

test('weights are (w - zero point) * scale, by columns of a matrix', () => {
  const model = modelInMemory(integerChain({ weights: 'uint8' }))
  const [stored, scales] = [numbersOf(model, 'w'), numbersOf(model, 'ws')]
  expect(scales).toHaveLength(32)
  const real = stored.map((value, i) => Math.fround((value - 131) * scales[i % 32]!))
  expect(numbersOf(withFloatProducts(model).model, 'w_float')).toEqual(real)
})

test('and by filters of a convolution', () => {
  const model = modelInMemory(integerChain({ opType: 'ConvInteger', perChannel: true }))
  const [stored, scales] = [numbersOf(model, 'w'), numbersOf(model, 'ws')]
  expect(scales).toHaveLength(16)
  const real = stored.map((value, i) => Math.fround(value * scales[Math.floor(i / (16 * 9))]!))
  expect(numbersOf(withFloatProducts(model).model, 'w_float')).toEqual(real)
})

test('of products that share what they read, one alone may be meant', () => {
  const model = modelInMemory(sharedQuantizer())
  const one = withFloatProducts(model, ({ name }) => name === 'second')
  expect(one).toMatchObject({ layers: ['second'], stay: 1 })
  const ops = one.model.proto.graph!.node.map(({ opType }) => opType)
  expect(ops.filter((op) => /Integer|Conv|Dynamic/.test(op)).sort()).toEqual(['Conv', 'ConvInteger', 'DynamicQuantizeLinear'])
  expect(withFloatProducts(model)).toMatchObject({ layers: ['first', 'second'], stay: 0 })
})

test('products that share their weights share them as floats', () => {
  const model = modelInMemory(sharedQuantizer())
  const graph = model.proto.graph!
  const same = (name: string) => name.replace(/^second_w/, 'first_w')
  const node = graph.node.map((one) => copyWith(one, { input: one.input.map(same) }))
  const float = withFloatProducts(withGraph(model, copyWith(graph, { node }))).model.proto.graph!
  const read = float.node.filter(({ opType }) => opType === 'Conv').map(({ input }) => input[1])
  expect(read).toEqual(['first_w_float', 'first_w_float'])
  expect(float.initializer.filter(({ name }) => name.endsWith('_float'))).toHaveLength(1)
})

test('a zero point of another quantizer is not understood', () => {
  const model = modelInMemory(integerChain())
  const graph = model.proto.graph!
  const node = graph.node.map((one) =>
    one.opType === 'MatMulInteger' ? copyWith(one, { input: [...one.input.slice(0, 2), 'wz', 'wz'] }) : one,
  )
  expect(dynamicProducts(quantizedGraph(withGraph(model, copyWith(graph, { node })))!)).toEqual([])
  expect(dynamicProducts(quantizedGraph(model)!)).toHaveLength(1)
})

test('all products of one quantizer are a group with it, their scales and their biases', () => {
  const groups = dynamicGroups(modelInMemory(sharedQuantizer()))
  expect(groups.map((group) => [...group].map(({ name }) => name))).toEqual([
    [
      ...['x_quantize', 'first', 'first_cast', 'first_scale', 'first_scales'],
      ...['second', 'second_cast', 'second_scale', 'second_scales', 'bias_add'],
    ],
  ])
})

test('and so are an attention and what quantizes its input; an LSTM does that itself', async () => {
  const file = fileURLToPath(new URL('../../../../../fixtures/quantize/operators-dynamic.onnx', import.meta.url))
  const groups = dynamicGroups(await readOnnx(file)).map((group) => [...group].map(({ opType }) => opType))
  expect(groups).toEqual([['DynamicQuantizeLinear', 'QAttention']])
})
