import { decoderWeights } from '@whyslow/generation/support/decoder/weights.ts'
import { decoderModel } from '@whyslow/generation/support/decoder/write-decoder.ts'
import { modelInMemory } from '@whyslow/graph/build.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { branchValues, hidesBranches, withCacheBranch } from './branches.ts'
import { decoderLayout } from './layout.ts'

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
  expect(withCacheBranch(plain, new Set())).toBe(plain)
  expect(withCacheBranch(viewOf('merged'), new Set()).nodes.some(({ opType }) => opType === 'If')).toBe(false)
})

test('the branch that decode takes reads the cache, whichever side it is on', () => {
  const merged = viewGraph(modelInMemory(decoderModel(decoderWeights(), { cache: 'merged' })))
  const past = new Set(decoderLayout(merged.inputs, merged.outputs)!.cache.map((entry) => entry.past))
  const swapped: GraphView = {
    ...merged,
    nodes: merged.nodes.map((node) =>
      node.opType === 'If'
        ? { ...node, subgraphs: { then_branch: node.subgraphs.else_branch!, else_branch: node.subgraphs.then_branch! } }
        : node,
    ),
  }
  const operators = (graph: GraphView) => withCacheBranch(graph, past).nodes.map(({ opType }) => opType)
  expect(operators(swapped)).toEqual(operators(merged))
  expect(operators(merged)).toContain('Concat')
})

test('if both branches read the cache, a condition that is negated takes the other one', () => {
  const side = (opType: string): GraphView =>
    ({
      ...{ name: opType, inputs: [], constants: {} },
      nodes: [{ name: opType, opType, domain: '', inputs: ['past'], outputs: ['out'], attributes: {}, subgraphs: {} }],
      outputs: [{ name: 'out', kind: 'tensor', dtype: 'float32', shape: null }],
    }) as unknown as GraphView
  const node = (opType: string, inputs: string[], outputs: string[], subgraphs = {}) => ({
    ...{ name: outputs[0]!, opType, domain: '', inputs, outputs, attributes: {}, subgraphs },
  })
  const graph = (condition: string): GraphView => ({
    ...side('Identity'),
    nodes: [
      node('Not', ['use_cache_branch'], ['negated']),
      node('Identity', ['negated'], ['same']),
      node('If', [condition], ['out'], { then_branch: side('Add'), else_branch: side('Mul') }),
    ],
  })
  const taken = (condition: string) => withCacheBranch(graph(condition), new Set(['past'])).nodes.map(({ opType }) => opType)
  expect(taken('use_cache_branch')).toContain('Add')
  expect(taken('same')).toContain('Mul')
  expect(taken('same')).not.toContain('Add')
})
