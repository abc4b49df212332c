import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { decoderModel } from '@whyslow/generation/support/decoder/write-decoder.ts'
import { modelInMemory } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { branchValues, hidesBranches, withCacheBranch } from './branches.ts'

const viewOf = (cache: 'merged' | 'pairs') => viewGraph(modelInMemory(decoderModel(decoderWeights(), { cache })))

test('values of an If are those of both branches', () => {
  expect(branchValues(viewOf('merged')).get('logits')).toHaveLength(2)
  expect(branchValues(viewOf('pairs')).size).toBe(0)
})

test('a profile without the nodes of a branch hides what it computes', () => {
  const merged = viewOf('merged')
  const top = { parent: null, runsPerPrediction: 1 }
  expect(hidesBranches(merged, [top])).toBe(true)
  expect(hidesBranches(merged, [top, { parent: 'optimum::if', runsPerPrediction: 1 }])).toBe(false)
  expect(hidesBranches(viewOf('pairs'), [top])).toBe(false)
})

test('a graph without branches is left as it is', () => {
  const plain = viewOf('pairs')
  expect(withCacheBranch(plain)).toBe(plain)
  expect(withCacheBranch(viewOf('merged')).nodes.some(({ opType }) => opType === 'If')).toBe(false)
})
