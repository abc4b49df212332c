import type { GraphView } from '@whyslow/graph/types.ts'
import { expect, test } from 'vitest'
import { graphNode, graphOf } from '../../test/support/outputs/example-joined.ts'
import { featureAxis } from './feature-axis.ts'

test.each([
  [[10], 0],
  [[1, 3], 1],
  [[16, 8], 1],
  [[6, 100], 0],
  [[200, 1], 1],
  [[1, 84, 8400], 1],
  [[1, 8400, 84], 2],
  [[1, 1, 96], 2],
  [[1, 400, 1], 2],
  [[1, 3, 64, 64], 1],
  [[1, 64, 14, 14], 1],
  [[1, 64, 64, 3], 3],
  [[1, 3, 48, 64], 1],
  [[1, 3, 80, 80, 85], 4],
])('by the shape %j', (shape, axis) => {
  expect(featureAxis(undefined, 'y', shape)).toBe(axis)
})

test('by the operator before', () => {
  const conv = graphOf([graphNode('Conv', ['x', 'w'], 'a'), graphNode('Sigmoid', ['a'], 'y')])
  expect(featureAxis(conv, 'y', [1, 80, 50])).toBe(1)
  const transposed = graphOf([graphNode('Conv', ['x', 'w'], 'a'), graphNode('Transpose', ['a'], 'y', { perm: [0, 2, 3, 1] })])
  expect(featureAxis(transposed, 'y', [1, 14, 14, 64])).toBe(3)
  const twice = graphOf([
    graphNode('LayerNormalization', ['x', 's'], 'a'),
    graphNode('Transpose', ['a'], 'b', { perm: [1, 2, 0] }),
    graphNode('Transpose', ['b'], 'y', { perm: [2, 1, 0] }),
  ])
  // a [t,b,f], b [b,f,t], y [t,f,b].
  expect(featureAxis(twice, 'y', [50, 20, 30])).toBe(1)
  // Two values that both move: positions by positions.
  expect(featureAxis(graphOf([graphNode('MatMul', ['q', 'k'], 'y')]), 'y', [1, 20, 40])).toBe(1)
})

test('an open first size is a batch', () => {
  const graph: GraphView = { ...graphOf([]), outputs: [{ name: 'y', kind: 'tensor', dtype: 'float32', shape: ['N', 64] }] }
  expect(featureAxis(graph, 'y', [16, 64])).toBe(1)
})
