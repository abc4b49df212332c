import { floatTensor, int64Tensor, type ModelParts, model, modelInMemory, node, valueInfo } from '@whyslow/graph/build.ts'
import { describe, expect, test } from 'vitest'
import { quantizableNodes } from './quantizable.ts'

const make = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) =>
  modelInMemory(
    model({
      nodes,
      inputs: [valueInfo('x', 'float32', [1, 4, 6, 6])],
      outputs: [valueInfo('y', 'float32')],
      initializers: [
        floatTensor('conv', [4, 4, 1, 1], new Float32Array(16).fill(1)),
        floatTensor('matrix', [6, 5], new Float32Array(30).fill(1)),
        floatTensor('vector', [5], new Float32Array(5)),
        floatTensor('number', [], [2]),
        floatTensor('sizes', [4], [1, 1, 2, 2]),
        int64Tensor('axis', [1], [0]),
      ],
      ...rest,
    }),
  )
const of = (nodes: ModelParts['nodes'], rest: Partial<ModelParts> = {}) => quantizableNodes(make(nodes, rest))

describe('quantizable', () => {
  test('a Conv takes its Relu along, which is nothing of its own', () => {
    const [conv, relu] = of([node('Conv', ['x', 'conv'], ['c']), node('Relu', ['c'], ['y'])])
    expect(conv).toEqual({
      ...{ node: 'c', opType: 'Conv', parts: ['c', 'y'], precisions: ['static'], movesData: false, reason: null },
      ...{ activationsIn: ['x'], activationsOut: ['y'] },
    })
    expect(relu).toMatchObject({ node: 'y', parts: [], precisions: [], reason: "it is part of 'c'" })
  })

  test('not where somebody else reads what the Conv gives, or it is an output', () => {
    const twice = of([node('Conv', ['x', 'conv'], ['c']), node('Relu', ['c'], ['r']), node('Add', ['c', 'r'], ['y'])])
    expect(twice[0]).toMatchObject({ parts: ['c'], activationsOut: ['c'] })
    expect(twice[1]).toMatchObject({ precisions: [], reason: 'there is no int8 kernel for Relu' })
    const output = { outputs: [valueInfo('c', 'float32'), valueInfo('y', 'float32')] }
    expect(of([node('Conv', ['x', 'conv'], ['c']), node('Relu', ['c'], ['y'])], output)[0]).toMatchObject({ parts: ['c'] })
  })

  test('a MatMul takes the Add of its bias along, and can be everything', () => {
    const [product, sum, relu] = of([
      node('MatMul', ['x', 'matrix'], ['m']),
      node('Add', ['vector', 'm'], ['s']),
      node('Relu', ['s'], ['y']),
    ])
    expect(product).toMatchObject({ parts: ['m', 's', 'y'], precisions: ['static', 'dynamic', 'weights8', 'weights4'] })
    expect([sum!.reason, relu!.reason]).toEqual(["it is part of 'm'", "it is part of 'm'"])
  })

  test('operators that move numbers are told', () => {
    const found = of([
      node('Transpose', ['x'], ['t']),
      node('MaxPool', ['t'], ['p'], { kernel_shape: [1, 1] }),
      node('Sigmoid', ['p'], ['y']),
    ])
    expect(found.map(({ movesData, precisions }) => [movesData, precisions])).toEqual([
      [true, ['static']],
      [true, ['static']],
      [false, ['static']],
    ])
  })

  const REASONS: readonly {
    name: string
    nodes: ModelParts['nodes']
    at?: number
    rest?: Partial<ModelParts>
    reason: RegExp
  }[] = [
    {
      name: 'integers',
      nodes: [node('Shape', ['x'], ['s']), node('Gather', ['s', 'axis'], ['y'])],
      at: 1,
      reason: /works on int64/,
    },
    { name: 'an operator without kernel', nodes: [node('Erf', ['x'], ['y'])], reason: /no int8 kernel for Erf/ },
    { name: 'GRU', nodes: [node('GRU', ['x', 'conv', 'conv'], ['y'])], reason: /no int8 kernel for GRU/ },
    {
      name: 'interpolation',
      nodes: [node('Resize', ['x', '', 'sizes'], ['y'], { mode: 'linear' })],
      reason: /interpolates \(linear\)/,
    },
    {
      name: 'indices of MaxPool',
      nodes: [node('MaxPool', ['x'], ['y', 'i'], { kernel_shape: [1, 1] })],
      reason: /gives indices/,
    },
    {
      name: 'weights that the caller may override',
      nodes: [node('Conv', ['x', 'conv'], ['y'])],
      rest: { inputs: [valueInfo('x', 'float32', [1, 4, 6, 6]), valueInfo('conv', 'float32', [4, 4, 1, 1])] },
      reason: /not a float32 constant/,
    },
    {
      name: 'an opset out of reach',
      nodes: [node('Conv', ['x', 'conv'], ['y'])],
      rest: { opset: 6 },
      reason: /opset 6 cannot be raised to 13/,
    },
    {
      name: 'a mask, whose constant is far from what it masks',
      nodes: [node('Greater', ['x', 'conv'], ['c']), node('Where', ['c', 'x', 'conv'], ['y'])],
      at: 1,
      reason: /^it reads a constant$/,
    },
    { name: 'batch first', nodes: [node('LSTM', ['x', 'conv', 'conv'], ['y'], { layout: 1 })], reason: /layout 1/ },
  ]
  test.each(REASONS)('why not: $name', ({ nodes, at = 0, rest, reason }) => {
    const found = of(nodes, rest)[at]!
    expect(found.precisions).toEqual([])
    expect(found.reason).toMatch(reason)
  })

  test('types as run tell what the model does not', () => {
    const mystery = make([node({ opType: 'Mystery', domain: 'example' }, ['x'], ['m']), node('Sigmoid', ['m'], ['y'])], {
      opsets: { example: 1 },
      outputs: [valueInfo('y', 'float32')],
    })
    const types = new Map([['m', { dtype: 'int32' as const, shape: [1] }]])
    expect(quantizableNodes(mystery, types)[1]).toMatchObject({ precisions: [], reason: 'it works on int32' })
  })
})
