import { expect, test } from 'vitest'
import { graphOf, node, peakList } from '../../test/support/outputs/example-selection.ts'
import { selectionsOf } from './selections.ts'

const rolesOf = (graph: Parameters<typeof selectionsOf>[0]) =>
  selectionsOf(graph).map(({ by, outputs }) => [by, Object.fromEntries(outputs.map(({ name, role }) => [name, role]))])

test('what TopK gives, what is computed from its indices, and what is gathered by them are one selection', () => {
  const graph = peakList(200, 256, ['points', 'scores', 'index', 'lines', 'map'])
  expect(rolesOf(graph)).toEqual([['TopK', { points: 'position', scores: 'scores', index: 'index', lines: 'gathered' }]])
  expect(selectionsOf(graph)[0]!.count).toBe(200)
})

test('a single best is a label, not a list', () => {
  expect(selectionsOf(peakList(1, 256, ['points', 'scores']))).toEqual([])
})

test('boxes and scores gathered by what NonMaxSuppression picks, with its threshold', () => {
  const nodes = [
    node('NonMaxSuppression', ['boxes', 'classScores', 'most', 'iou', 'least'], ['picked']),
    node('Slice', ['picked', 'two', 'three', 'axis'], ['anchor']),
    node('Squeeze', ['anchor'], ['place']),
    node('Gather', ['boxes', 'place'], ['found']),
    node('Mul', ['found', 'size'], ['pixels']),
    node('GatherND', ['classScores', 'picked'], ['foundScores']),
  ]
  const graph = graphOf(nodes, ['pixels', 'foundScores', 'picked'], { least: [0.25], size: [640] })
  expect(rolesOf(graph)).toEqual([['NonMaxSuppression', { pixels: 'gathered', foundScores: 'scores', picked: 'index' }]])
  expect(selectionsOf(graph)[0]!.threshold).toBe(0.25)
})

test('rows that are gathered again belong to the last selection; lists of two that are joined to none', () => {
  const twice = [
    node('TopK', ['a', 'k'], ['best', 'index']),
    node('GatherElements', ['boxes', 'index'], ['first']),
    node('TopK', ['best', 'five'], ['bestFive', 'indexFive']),
    node('GatherElements', ['first', 'indexFive'], ['second']),
  ]
  expect(selectionsOf(graphOf(twice, ['second', 'bestFive'], { k: [100], five: [5] }))).toMatchObject([
    { node: 'bestFive', count: 5, outputs: [{ name: 'second' }, { name: 'bestFive' }] },
  ])
  const joined = [
    node('TopK', ['a', 'k'], ['bestA', 'indexA']),
    node('TopK', ['b', 'k'], ['bestB', 'indexB']),
    node('Concat', ['bestA', 'bestB'], ['both']),
  ]
  expect(selectionsOf(graphOf(joined, ['both'], { k: [100] }))).toEqual([])
})

test('what mixes rows is no list of them', () => {
  const nodes = [
    node('TopK', ['a', 'k'], ['best', 'index']),
    node('Gather', ['features', 'index'], ['rows']),
    node('MatMul', ['rows', 'weights'], ['projected']),
    node('Attention', ['projected'], ['attended']),
  ]
  const graph = graphOf(nodes, ['projected', 'attended'], { k: [100], weights: [1] })
  expect(rolesOf(graph)).toEqual([['TopK', { projected: 'gathered' }]])
})
