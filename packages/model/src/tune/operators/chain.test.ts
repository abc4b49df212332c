import { floatTensor, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { expect, test } from 'vitest'
import { chainOf } from './chain.ts'

const convolution = (channelsOut: number) =>
  modelInMemory(
    model({
      nodes: [node('Conv', ['x', 'w'], ['c'], { pads: [1, 1, 1, 1] }), node('Relu', ['c'], ['y'])],
      inputs: [valueInfo('x', 'float32', [1, 4, 8, 8])],
      outputs: [valueInfo('y', 'float32', [1, channelsOut, 8, 8])],
      initializers: [floatTensor('w', [channelsOut, 4, 3, 3], new Float32Array(channelsOut * 36))],
    }),
  )

test('three in a row, of the same weights, between the same ends', () => {
  const graph = chainOf(convolution(4))!.proto.graph!
  expect(graph.node.map(({ input, output }) => [...input, '->', ...output].join(' '))).toEqual([
    'x w -> c:0',
    'c:0 -> y:0',
    'y:0 w -> c:1',
    'c:1 -> y:1',
    'y:1 w -> c:2',
    'c:2 -> y',
  ])
  expect([graph.input, graph.output].map((ends) => ends.map(({ name }) => name))).toEqual([['x'], ['y']])
})

test('none where what it gives is no input of it', () => {
  expect(chainOf(convolution(8))).toBeUndefined()
})

test('none of other operators, which the engine may fold into one', () => {
  const twice = model({
    nodes: [node('Relu', ['x'], ['y'])],
    inputs: [valueInfo('x', 'float32', [1, 4])],
    outputs: [valueInfo('y', 'float32', [1, 4])],
  })
  expect(chainOf(modelInMemory(twice))).toBeUndefined()
})
