import { expect, test } from 'vitest'
import { graphNode, graphOf } from '../../test/support/outputs/example-joined.ts'
import { joinedParts } from './joined-parts.ts'

const placesOf = (graph: Parameters<typeof joinedParts>[0], shape: readonly number[]) => {
  const { parts, partOf } = joinedParts(graph, 'y', shape)
  return { names: parts.map(({ value, bounds }) => (bounds?.isShare ? `share ${value}` : value)), places: partOf && [...partOf] }
}

test('the inputs of the last Concat, and which of them Sigmoid makes', () => {
  const graph = graphOf(
    [
      graphNode('Mul', ['d', 's'], 'boxes'),
      graphNode('Sigmoid', ['l'], 'scores'),
      graphNode('Concat', ['boxes', 'scores'], 'y', { axis: 1 }),
    ],
    { boxes: [1, 2, 2] },
  )
  expect(placesOf(graph, [1, 3, 2])).toEqual({
    names: ['d', 'share l'].map((one) => one.replace('d', 'boxes')),
    places: [0, 0, 0, 0, 1, 1],
  })
})

test('behind Transpose, Reshape and Sigmoid', () => {
  const graph = graphOf(
    [
      graphNode('Concat', ['a', 'b'], 'c', { axis: -1 }),
      graphNode('Transpose', ['c'], 't', { perm: [1, 0] }),
      graphNode('Reshape', ['t', 'shape'], 'r'),
      graphNode('Sigmoid', ['r'], 'y'),
    ],
    { a: [2, 1], t: [3, 2] },
  )
  // c is [2, 3]: a b b, a b b.
  expect(placesOf(graph, [1, 6])).toEqual({ names: ['share a', 'share b'], places: [0, 0, 1, 1, 1, 1] })
})

test('a Concat of Concats is joined from all of their inputs', () => {
  const graph = graphOf(
    [
      graphNode('Concat', ['a', 'b'], 'near', { axis: 1 }),
      graphNode('Concat', ['c', 'd'], 'far', { axis: 1 }),
      graphNode('Concat', ['near', 'far'], 'y', { axis: 2 }),
    ],
    { a: [1, 1, 2], b: [1, 1, 2], c: [1, 1, 1], d: [1, 1, 1], near: [1, 2, 2] },
  )
  expect(placesOf(graph, [1, 2, 3])).toEqual({ names: ['a', 'b', 'c', 'd'], places: [0, 0, 2, 1, 1, 3] })
})

test('sizes follow from weights and from what the others leave', () => {
  const weights = { dtype: 'float32', sizeBytes: 0, from: 'initializer', isGraphInput: false } as const
  const graph = {
    ...graphOf([
      graphNode('Conv', ['x', 'w'], 'a'),
      graphNode('Other', ['x'], 'b'),
      graphNode('Concat', ['a', 'b'], 'y', { axis: 1 }),
    ]),
    constants: { w: { ...weights, name: 'w', shape: [1, 4, 1, 1] } },
  }
  expect(placesOf(graph, [1, 3, 1, 1])).toEqual({ names: ['a', 'b'], places: [0, 1, 1] })
  // Two that nothing is known of.
  expect(placesOf({ ...graph, constants: {} }, [1, 3, 1, 1])).toEqual({ names: ['y'], places: null })
})

test.each<[string, readonly number[] | undefined]>([
  ['an input', undefined],
  ['an attribute', [3, 2]],
])('the sizes of parts that %s splits, as boxes from classes in a detector with free image sizes', (_, attribute) => {
  const split = {
    ...graphNode('Split', attribute === undefined ? ['c', 'sizes'] : ['c'], 'd', {
      axis: 1,
      ...(attribute && { split: attribute }),
    }),
    outputs: ['d', 'l'],
  }
  const constant = {
    dtype: 'int64',
    sizeBytes: 16,
    from: 'initializer',
    isGraphInput: false,
    shape: [2],
    values: [3, 2],
  } as const
  const graph = {
    ...graphOf([
      split,
      graphNode('Other', ['d'], 'boxes'),
      graphNode('Sigmoid', ['l'], 's'),
      graphNode('Concat', ['boxes', 's'], 'y', { axis: 1 }),
    ]),
    constants: { sizes: { ...constant, name: 'sizes' } },
  }
  expect(placesOf(graph, [1, 6, 1])).toEqual({ names: ['boxes', 'share l'], places: [0, 0, 0, 0, 1, 1] })
})

test('sizes along other axes than the joined one, and those of a Concat that is read by what keeps them', () => {
  const graph = graphOf(
    [
      graphNode('Concat', ['a', 'b'], 'c', { axis: -1 }),
      graphNode('Relu', ['c'], 'r'),
      graphNode('Other', ['x'], 'o'),
      graphNode('Concat', ['r', 'o'], 'y', { axis: 1 }),
    ],
    { a: [1, 2], b: [1, 1] },
  )
  expect(placesOf(graph, [1, 5])).toEqual({ names: ['a', 'b', 'o'], places: [0, 0, 1, 2, 2] })
})

test('behind a Reshape of an unknown shape the maker still shows', () => {
  const graph = graphOf([
    graphNode('Sigmoid', ['l'], 's'),
    graphNode('Transpose', ['s'], 't'),
    graphNode('Reshape', ['t', 'shape'], 'y'),
  ])
  expect(placesOf(graph, [2, 3])).toEqual({ names: ['share l'], places: null })
})

test('what is not joined is one part', () => {
  expect(placesOf(graphOf([graphNode('Sigmoid', ['l'], 'y')]), [1, 4])).toEqual({ names: ['share l'], places: null })
  expect(placesOf(graphOf([graphNode('Softmax', ['l'], 's'), graphNode('Mul', ['s', 'f'], 'y')]), [1, 4]).names).toEqual(['y'])
  expect(placesOf(undefined, [1, 4])).toEqual({ names: ['y'], places: null })
})
