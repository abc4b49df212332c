import { expect, test } from 'vitest'
import { model, modelInMemory, node, valueInfo } from './build.ts'
import { graphsWithin, neighboursOf } from './neighbours.ts'
import type { GraphView } from './types.ts'
import { viewGraph } from './view.ts'

const graphOf = (nodes: readonly ReturnType<typeof node>[], outputs: readonly string[]): GraphView =>
  viewGraph(modelInMemory(model({ nodes, outputs: outputs.map((name) => valueInfo(name, 'float32', [1])) })))

const graph = graphOf(
  [node('Conv', ['x', 'w', ''], ['a']), node('Relu', ['a'], ['b']), node('Mul', ['b', 'b'], ['y']), node('If', ['c'], ['z'])],
  ['b', 'y', 'z'],
)
const inner = graphOf([node('Neg', ['y'], ['n'])], ['n'])
const withBranch: GraphView = {
  ...graph,
  nodes: graph.nodes.map((one) => (one.opType === 'If' ? { ...one, subgraphs: { then_branch: inner } } : one)),
}
const { producer, readers, onlyReader, isGraphOutput } = neighboursOf(withBranch)

test('makers and readers', () => {
  expect(producer('a')?.opType).toBe('Conv')
  expect([producer('x'), producer('w'), producer(''), producer(undefined)]).toEqual([undefined, undefined, undefined, undefined])
  expect(readers('b').map(({ opType }) => opType)).toEqual(['Mul'])
  expect(readers('')).toEqual([])
})

test('a value that is an output of the graph has no only reader', () => {
  expect(onlyReader(producer('a'))?.opType).toBe('Relu')
  expect(isGraphOutput('b')).toBe(true)
  expect(onlyReader(producer('b'))).toBeUndefined()
})

test('a branch that captures a value reads it', () => {
  expect(readers('y').map(({ opType }) => opType)).toEqual(['If'])
  expect(graphsWithin(withBranch)).toEqual([withBranch, inner])
})
