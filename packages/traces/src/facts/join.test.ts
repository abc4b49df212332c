import { describe, expect, test } from 'vitest'
import type { RecordedCall } from './facts.ts'
import { joinCalls, type ModelNode, type Shape, sizeOf } from './join.ts'

interface Told {
  readonly inputs?: readonly (Shape | undefined)[]
  readonly outputs?: readonly Shape[]
  readonly constants?: readonly boolean[]
  readonly attributes?: Readonly<Record<string, unknown>>
  /** Names of nodes that make what it reads. */
  readonly after?: readonly string[]
  readonly ofShapes?: boolean
}

/** Nodes of a model in its order. */
function model(...told: readonly (readonly [name: string, opType: string, told?: Told])[]): ModelNode[] {
  const at = (name: string): number => told.findIndex(([one]) => one === name)
  return told.map(
    ([name, opType, { inputs = [], outputs = [], constants = [], attributes = {}, ofShapes = false, after = [] } = {}]) => ({
      ...{ name, opType, inputs, outputs, attributes, ofShapes },
      constants: inputs.map((_, index) => constants[index] ?? false),
      beside: [...after.map(at), ...told.flatMap(([, , other], index) => (other?.after?.includes(name) ? [index] : []))],
    }),
  )
}

const call = (name: string, shapes: readonly (readonly number[])[] | null = null, opType = name): RecordedCall => ({
  ...{ name, opType, shapes, types: null, timeMs: 1 },
})

/** Joined pairs as words: operator, node, what else. */
function joined(calls: readonly RecordedCall[], nodes: readonly ModelNode[]): (string | string[])[][] {
  return joinCalls(calls, nodes).joins.map(({ call: at, node, also, by }) => [
    calls[at]!.name,
    nodes[node]!.name,
    also.map((one) => nodes[one]!.name),
    by,
  ])
}

const gemm = (name: string, k: number, n: number) =>
  [name, 'Gemm', { inputs: [['batch', k], [n, k], [n]], constants: [false, true, true], attributes: { transB: 1 } }] as const

test('products by their sizes, whichever factor is turned, and symbols as they were recorded', () => {
  const nodes = model(gemm('first', 256, 1024), gemm('second', 1024, 1024), gemm('third', 1024, 64))
  const calls = [
    call('aten::linear', [[64, 256], [1024, 256], [1024]]),
    call('aten::addmm', [[1024], [64, 1024], [1024, 1024]]),
    call('aten::mm', [
      [64, 1024],
      [1024, 64],
    ]),
  ]
  expect(joined(calls, nodes)).toEqual([
    ['aten::linear', 'first', [], 'shapes and order'],
    ['aten::addmm', 'second', [], 'shapes and order'],
    ['aten::mm', 'third', [], 'shapes and order'],
  ])
  expect(joinCalls(calls, nodes).sizes).toEqual({ batch: 64 })
})

test('what a shape contradicts is not joined, in whatever order it comes', () => {
  const nodes = model(gemm('only', 256, 1024))
  expect(joined([call('aten::linear', [[64, 256], [512, 256], [512]])], nodes)).toEqual([])
  expect(joined([call('aten::relu', [[64, 256]])], nodes)).toEqual([])
})

test('a symbol is one size: of two nodes that differ in it alone the one that most others say', () => {
  const relu = (name: string, batch: string) => [name, 'Relu', { inputs: [[batch, 8]] }] as const
  const nodes = model(relu('a', 'n'), relu('b', 'n'), relu('other', 'm'), relu('c', 'n'))
  const calls = [
    call('aten::relu', [[4, 8]]),
    call('aten::relu', [[4, 8]]),
    call('aten::relu', [[4, 8]]),
    call('aten::relu', [[5, 8]]),
  ]
  const { joins, sizes } = joinCalls(calls, nodes)
  expect(sizes.n).toBe(4)
  // The call of 5 rows fits no node of 'n'.
  expect(joins.find(({ call: at }) => at === 3)?.node ?? 2).toBe(2)
})

describe('longer forms', () => {
  test('a sum with a constant after a product is its bias, a sum of two values is not', () => {
    const nodes = model(
      [
        'product',
        'MatMul',
        {
          inputs: [
            [2, 4],
            [4, 4],
          ],
          constants: [false, true],
        },
      ],
      ['bias', 'Add', { inputs: [[2, 4], [4]], outputs: [[2, 4]], constants: [false, true], after: ['product'] }],
      [
        'residual',
        'Add',
        {
          inputs: [
            [2, 4],
            [2, 4],
          ],
          outputs: [[2, 4]],
          after: ['bias'],
        },
      ],
    )
    expect(
      joined(
        [
          call('aten::linear', [[2, 4], [4, 4], [4]]),
          call('aten::add', [
            [2, 4],
            [2, 4],
          ]),
        ],
        nodes,
      ),
    ).toEqual([
      ['aten::linear', 'product', ['bias'], 'shapes and order'],
      ['aten::add', 'residual', [], 'shapes and order'],
    ])
  })

  test('a gelu written out goes to it whole, and what is another operator’s stays that', () => {
    const same: Told = { inputs: [[2, 4]], outputs: [[2, 4]] }
    const nodes = model(
      [
        'up',
        'MatMul',
        {
          inputs: [
            [2, 4],
            [4, 4],
          ],
          constants: [false, true],
        },
      ],
      ['divide', 'Div', { ...same, after: ['up'] }],
      ['erf', 'Erf', { ...same, after: ['divide'] }],
      ['plus', 'Add', { ...same, after: ['erf'] }],
      [
        'times',
        'Mul',
        {
          inputs: [
            [2, 4],
            [2, 4],
          ],
          after: ['up', 'plus'],
        },
      ],
      ['half', 'Mul', { ...same, after: ['times'] }],
      [
        'down',
        'MatMul',
        {
          inputs: [
            [2, 4],
            [4, 3],
          ],
          constants: [false, true],
          after: ['half'],
        },
      ],
    )
    const calls = [
      call('aten::linear', [
        [2, 4],
        [4, 4],
      ]),
      call('aten::gelu', [[2, 4]]),
      call('aten::linear', [
        [2, 4],
        [3, 4],
      ]),
    ]
    expect(joined(calls, nodes)).toEqual([
      ['aten::linear', 'up', [], 'shapes and order'],
      ['aten::gelu', 'erf', ['divide', 'plus', 'times', 'half'], 'shapes and order'],
      ['aten::linear', 'down', [], 'shapes and order'],
    ])
  })
})

test('branches that ran in another order are joined by shapes where only one fits', () => {
  const conv = (name: string, width: number) =>
    [
      name,
      'Conv',
      {
        inputs: [
          [1, 3, 8, 8],
          [width, 3, 3, 3],
        ],
        constants: [false, true],
      },
    ] as const
  const calls = [16, 8].map((width) =>
    call('aten::conv2d', [
      [1, 3, 8, 8],
      [width, 3, 3, 3],
    ]),
  )
  const rows = joined(calls, model(conv('narrow', 8), conv('wide', 16)))
  expect(rows.map(([, node]) => node)).toEqual(['narrow', 'wide'])
  expect(rows.map(([, , , by]) => by).sort()).toEqual(['shapes', 'shapes and order'])
})

test('without shapes order alone joins, and that is told', () => {
  const nodes = model(['a', 'Conv', {}], ['b', 'Relu', {}])
  expect(joined([call('aten::conv2d'), call('aten::relu')], nodes).map(([, node, , by]) => [node, by])).toEqual([
    ['a', 'order'],
    ['b', 'order'],
  ])
})

test('nodes of the recording’s own names are joined by them, of an operator that does the same', () => {
  const nodes = model(['Relu_0', 'Relu', {}], ['Conv_1', 'Conv', {}], ['MatMul_2', 'MatMul', {}])
  const calls = [call('Conv_1', null, 'FusedConv'), call('Relu_0', null, 'Relu'), call('MatMul_2', null, 'Relu')]
  expect(joined(calls, nodes).map(([name, node, , by]) => [name, node, by])).toEqual([
    ['Relu_0', 'Relu_0', 'name'],
    ['Conv_1', 'Conv_1', 'name'],
  ])
})

test('nodes that compute shapes or lay numbers out anew are joined with nothing', () => {
  const nodes = model(
    ['shape', 'Mul', { inputs: [[1]], outputs: [[1]], ofShapes: true }],
    ['turn', 'Transpose', { inputs: [[2, 3]] }],
  )
  expect(joined([call('aten::mul', [[1], [1]]), call('aten::transpose', [[2, 3]])], nodes)).toEqual([])
})

test('sizes are products of numbers and symbols', () => {
  expect(sizeOf('12*batch', { batch: 3 })).toBe(36)
  expect(sizeOf('batch*tokens', { batch: 3 })).toBeUndefined()
  expect(sizeOf(7, {})).toBe(7)
})

test('without shapes products and convolutions hold the order, and neighbours that were turned round are found beside them', () => {
  const nodes = model(
    ['conv', 'Conv'],
    ['relu', 'Relu', { after: ['conv'] }],
    ['pool', 'MaxPool', { after: ['relu'] }],
    ['conv2', 'Conv', { after: ['pool'] }],
    ['relu2', 'Relu', { after: ['conv2'] }],
    ['dense', 'Gemm', { after: ['relu2'] }],
  )
  // As TensorFlow's optimizer leaves it: pooling first, and the second relu within its convolution.
  const calls = ['Conv2D', 'MaxPool', 'Relu', '_FusedConv2D', 'MatMul'].map((name) => call(name))
  expect(joined(calls, nodes)).toEqual([
    ['Conv2D', 'conv', [], 'order'],
    ['Relu', 'relu', [], 'order'],
    ['MaxPool', 'pool', [], 'order'],
    ['_FusedConv2D', 'conv2', ['relu2'], 'order'],
    ['MatMul', 'dense', [], 'order'],
  ])
  // Two that could be meant: neither.
  const two = model(['a', 'Relu'], ['b', 'Relu'], ['dense', 'Gemm', { after: ['a', 'b'] }])
  expect(joined([call('MatMul'), call('relu', null, 'Relu')], two).map(([, node]) => node)).toEqual(['dense'])
})
