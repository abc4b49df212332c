import { expect, test } from 'vitest'
import { evidence } from '../diagnose/check-rule.ts'
import { graphsWithin, neighboursOf } from './neighbours.ts'
import type { GraphView } from './types.ts'

const { graph } = evidence({
  nodes: [
    { op: 'Conv', timeMs: 1, in: ['x', 'w', ''], out: ['a'] },
    { op: 'Relu', timeMs: 1, in: ['a'], out: ['b'] },
    { op: 'Mul', timeMs: 1, in: ['b', 'b'], out: ['y'] },
    { op: 'If', timeMs: 1, in: ['c'], out: ['z'] },
  ],
  constants: { w: {} },
  outputNames: ['b', 'y', 'z'],
})
const inner = evidence({ nodes: [{ op: 'Neg', timeMs: 1, in: ['y'], out: ['n'] }] }).graph!
const withBranch: GraphView = {
  ...graph!,
  nodes: graph!.nodes.map((node) => (node.opType === 'If' ? { ...node, subgraphs: { then_branch: inner } } : node)),
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
