import { expect, test } from 'vitest'
import { floatTensor, graph, model, modelInMemory, node, valueInfo } from '../build.ts'
import type { Model } from '../model.ts'
import { placeKey, withExecutedSubgraphs } from './executed-subgraphs.ts'

const scale = floatTensor('scale', [1], [2])

/** A branch that captures `x`, has a weight of its own, and calls its values as every other branch does. */
const branch = (opType: string) =>
  graph({
    nodes: [node({ opType: 'Mul', name: 'scaled' }, ['x', 'scale'], ['a']), node({ opType, name: 'last' }, ['a'], ['b'])],
    outputs: [valueInfo('b', 'float32')],
    initializers: [scale],
  })

const choice = (name: string, output: string) =>
  node({ opType: 'If', name }, ['c'], [output], { then_branch: branch('Relu'), else_branch: branch('Neg') })

const choosing: Model = modelInMemory(
  model({
    nodes: [choice('one', 'p'), choice('two', 'q'), node('Add', ['p', 'q'], ['y'])],
    inputs: [valueInfo('x', 'float32', [3]), valueInfo('c', 'bool', [])],
    outputs: [valueInfo('y', 'float32', [3])],
  }),
)

const lines = ({ proto }: Model) =>
  proto.graph!.node.map(({ opType, input, output }) => `${opType} ${input.join()} -> ${output.join()}`)

test('the branches that ran take the place of their Ifs, and equal names in them are told apart', () => {
  const {
    model: lifted,
    nodes,
    called,
  } = withExecutedSubgraphs(choosing, [[{ node: 'one', attribute: 'else_branch' }], [{ node: 'two', attribute: 'then_branch' }]])
  expect(lines(lifted)).toEqual([
    ...['Mul x,scale -> a', 'Neg a -> b', 'Identity b -> p'],
    ...['Mul x,scale_1 -> a_1', 'Relu a_1 -> b_1', 'Identity b_1 -> q', 'Add p,q -> y'],
  ])
  expect(lifted.proto.graph!.initializer.map(({ name }) => name)).toEqual(['scale', 'scale_1'])
  expect(nodes.get(placeKey([{ node: 'one', attribute: 'else_branch' }], 'last'))!.opType).toBe('Neg')
  expect(nodes.get(placeKey([{ node: 'two', attribute: 'then_branch' }], 'last'))!.opType).toBe('Relu')
  expect(nodes.get(placeKey([{ node: 'two', attribute: 'else_branch' }], 'last'))).toBeUndefined()
  expect(called.get('a_1')).toBe('a')
})

test('an If of which both branches ran stays as it is', () => {
  const both = withExecutedSubgraphs(choosing, [
    [{ node: 'one', attribute: 'else_branch' }],
    [{ node: 'one', attribute: 'then_branch' }],
  ])
  expect(lines(both.model)).toEqual(lines(choosing))
})

test('branches within branches are lifted with those around them', () => {
  const inner = graph({ nodes: [node({ opType: 'Exp', name: 'exp' }, ['z'], ['e'])], outputs: [valueInfo('e', 'float32')] })
  const outer = graph({
    nodes: [
      node({ opType: 'Abs', name: 'abs' }, ['x'], ['z']),
      node({ opType: 'If', name: 'inside' }, ['c'], ['o'], { then_branch: inner, else_branch: inner }),
    ],
    outputs: [valueInfo('o', 'float32')],
  })
  const nested = modelInMemory(
    model({
      nodes: [node({ opType: 'If', name: 'outside' }, ['c'], ['y'], { then_branch: outer, else_branch: branch('Neg') })],
      inputs: [valueInfo('x', 'float32', [3]), valueInfo('c', 'bool', [])],
      outputs: [valueInfo('y', 'float32', [3])],
    }),
  )
  const path = [
    { node: 'outside', attribute: 'then_branch' },
    { node: 'inside', attribute: 'else_branch' },
  ] as const
  const { model: lifted, nodes } = withExecutedSubgraphs(nested, [path])
  expect(lines(lifted)).toEqual(['Abs x -> z', 'Exp z -> e', 'Identity e -> o', 'Identity o -> y'])
  expect(nodes.get(placeKey(path, 'exp'))!.opType).toBe('Exp')
})

const carried = graph({
  nodes: [
    node({ opType: 'Identity', name: 'on' }, ['goes'], ['more']),
    node({ opType: 'Mul', name: 'mul' }, ['state', 'w'], ['next']),
  ],
  inputs: [valueInfo('i', 'int64', []), valueInfo('goes', 'bool', []), valueInfo('state', 'float32', [3])],
  outputs: [valueInfo('more', 'bool'), valueInfo('next', 'float32')],
})

test("the first round of a Loop's body stands beside it", () => {
  const looping = modelInMemory(
    model({
      nodes: [node({ opType: 'Loop', name: 'loop' }, ['n', '', 'x'], ['y'], { body: carried })],
      inputs: [valueInfo('x', 'float32', [3]), valueInfo('n', 'int64', [])],
      outputs: [valueInfo('y', 'float32', [3])],
      initializers: [floatTensor('w', [3], [1, 2, 3])],
    }),
  )
  const { model: lifted, nodes } = withExecutedSubgraphs(looping, [[{ node: 'loop', attribute: 'body' }]])
  expect(lines(lifted)).toEqual([
    ...['Identity round -> i', 'Identity goes_on -> goes', 'Identity x -> state', 'Identity goes -> more', 'Mul state,w -> next'],
    ...['Identity more -> given', 'Identity next -> given_1', 'Loop n,,x -> y'],
  ])
  expect(nodes.get(placeKey([{ node: 'loop', attribute: 'body' }], 'mul'))!.output).toEqual(['next'])
})

test("the first round of a Scan's body reads the first slice", () => {
  const body = graph({
    nodes: [node({ opType: 'Add', name: 'add' }, ['state', 'row'], ['next'])],
    inputs: [valueInfo('state', 'float32', [3]), valueInfo('row', 'float32', [3])],
    outputs: [valueInfo('next', 'float32')],
  })
  const scanning = modelInMemory(
    model({
      nodes: [node({ opType: 'Scan', name: 'scan' }, ['s', 'rows'], ['y'], { body, num_scan_inputs: 1, scan_input_axes: [1] })],
      inputs: [valueInfo('s', 'float32', [3]), valueInfo('rows', 'float32', [3, 8])],
      outputs: [valueInfo('y', 'float32', [3])],
    }),
  )
  const { model: lifted } = withExecutedSubgraphs(scanning, [[{ node: 'scan', attribute: 'body' }]])
  expect(lines(lifted)).toEqual([
    'Identity s -> state',
    'Gather rows,first_slice -> row',
    'Add state,row -> next',
    'Identity next -> given',
    'Scan s,rows -> y',
  ])
  expect(lifted.proto.graph!.node[1]!.attribute[0]).toMatchObject({ name: 'axis', i: 1n })
})
