import { describe, expect, test } from 'vitest'
import { exampleForest, listed } from '../../test/support/forest/example-forest.ts'
import { InputError } from '../input-error.ts'
import { assembleForest, type ListedTree, plainSum } from './assemble.ts'
import { depthsOf, forestFacts } from './facts.ts'

const TREE = listed({ feature: 0, threshold: 1, yes: { feature: 2, threshold: 3, yes: 1, no: 2 }, no: 3 })
const assemble = (change: Partial<ListedTree>) =>
  assembleForest(
    { trees: [{ ...TREE, ...change }], compare: 'float32', featureCount: 4, outputCount: 1, sum: plainSum('float32', 1) },
    'model.json',
  )

describe('a forest', () => {
  test('has its nodes parents first, each yes child behind its parent, and what no root leads to left out', () => {
    // The root is node 4; node 0 is led to by nothing.
    const scattered: ListedTree = {
      target: 0,
      width: 1,
      root: 4,
      feature: [3, -1, -1, 2, 0, -1],
      threshold: [9, 0, 0, 3, 1, 0],
      yes: [1, 0, 0, 5, 3, 0],
      no: [2, 0, 0, 1, 2, 0],
      flags: [0, 0, 0, 0, 0, 0],
      leafAt: [-1, 1, 2, -1, -1, 0],
      values: [10, 20, 30],
    }
    const { nodes, leafValues } = assemble(scattered)
    expect([...nodes.feature]).toEqual([0, 2, -1, -1, -1])
    expect([...nodes.yes]).toEqual([1, 2, 0, 1, 2])
    expect([...nodes.no].slice(0, 2)).toEqual([4, 3])
    expect([...leafValues]).toEqual([10, 20, 30])
  })

  test('is counted', () => {
    const forest = exampleForest([{ feature: 0, threshold: 1, yes: { feature: 2, threshold: 3, yes: 1, no: 2 }, no: 3 }, 7])
    expect([...depthsOf(forest)]).toEqual([0, 1, 2, 2, 1, 0])
    expect(forestFacts(forest)).toEqual({
      treeCount: 2,
      nodeCount: 6,
      leafCount: 4,
      deepest: 2,
      meanLeafDepth: 5 / 4,
      usedFeatures: [0, 2],
      memberTests: 0,
    })
  })
})

test.each<[string, Partial<ListedTree>, RegExp]>([
  ['a circle', { yes: [0, 2, -1, -1, -1] }, /tree 0 comes to node 0 on two ways/],
  ['a node with two parents', { no: [1, 3, -1, -1, -1] }, /comes to node 1 on two ways/],
  ['a child that is not there', { no: [99, 3, -1, -1, -1] }, /leads to node 99, of 5/],
  ['a child below zero', { no: [-7, 3, -1, -1, -1] }, /leads to node -7/],
  ['a feature that is not there', { feature: [4, 2, -1, -1, -1] }, /asks for feature 4 of 4/],
  ['NaN for a threshold', { threshold: [Number.NaN, 3, 0, 0, 0] }, /compares with NaN/],
  ['a set that is not there', { flags: [3, 0, 0, 0, 0] }, /set of categories that is not there/],
  ['an output that is not there', { target: 1 }, /adds to output 1 of 1/],
  ['a leaf without its value', { leafAt: [-1, -1, 7, 8, 9] }, /no value for leaf 2/],
])('%s is refused', (_, change, message) => {
  expect(() => assemble(change)).toThrow(InputError)
  expect(() => assemble(change)).toThrow(message)
})
