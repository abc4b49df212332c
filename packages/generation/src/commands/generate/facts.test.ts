import { decoderWeights, TINY } from '@whyslow/generation/support/decoder/weights.ts'
import { type DecoderForm, decoderModel } from '@whyslow/generation/support/decoder/write-decoder.ts'
import { modelInMemory } from '@whyslow/graph/build.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import { expect, test } from 'vitest'
import { decoderLayout } from '../../recognize/layout.ts'
import { graphFacts } from './facts.ts'

function factsOf(form: DecoderForm, isInPlace = false) {
  const graph = viewGraph(modelInMemory(decoderModel(decoderWeights(), form)))
  return graphFacts({ graph, layout: decoderLayout(graph.inputs, graph.outputs)!, isInPlace }, null)
}

const PRODUCTS_OF_A_LAYER = 7

test('each product with weights, and the head apart', () => {
  const { weights, graph } = factsOf({})
  expect(weights).toHaveLength(TINY.layers * PRODUCTS_OF_A_LAYER + 1)
  const [head, ...more] = weights!.filter(({ role }) => role === 'head')
  expect(more).toEqual([])
  expect(head).toMatchObject({ dtype: 'float32', elements: 32 * 64, bytes: 32 * 64 * 4, decodeMs: null })
  expect(graph).toMatchObject({ cache: 'concatenated', logits: 'all', headNode: head!.node })
})

test('weights in blocks of 4 bits, with their scales and the level that is set', () => {
  const { weights } = factsOf({ attention: 'fused', weights: 'int4', head: 'float32', accuracyLevel: 4 })
  const body = weights!.find(({ operator }) => operator === 'MatMulNBits')!
  expect(body).toMatchObject({ role: 'body', dtype: 'int4', blockSize: 32, accuracyLevel: 4 })
  // A half byte an element, and a scale of four bytes for each 32.
  expect(body.bytes - body.scaleBytes!).toBe(body.elements / 2)
  expect(body.scaleBytes).toBe((body.elements / 32) * 4)
  expect(weights!.filter(({ role }) => role === 'head')).toMatchObject([{ dtype: 'float32' }])
})

test('a decoder without a cache, and one whose last position alone is computed', () => {
  expect(factsOf({ cache: 'none', logits: 'last' }).graph).toMatchObject({ cache: 'none', cacheNode: null, logits: 'last' })
})

test('a cache that the engine writes in place', () => {
  expect(factsOf({ attention: 'fused' }, true).graph).toMatchObject({ cache: 'in-place' })
  expect(factsOf({ cache: 'none' }, true).graph).toMatchObject({ cache: 'none' })
})

test('a merged decoder: the products of its branch with a cache, whose weights are those of the graph around it', () => {
  const [merged, plain] = [factsOf({ cache: 'merged' }), factsOf({})]
  expect(merged.weights).toHaveLength(TINY.layers * PRODUCTS_OF_A_LAYER + 1)
  expect(merged.weights!.filter(({ role }) => role === 'head')).toMatchObject([{ dtype: 'float32', elements: 32 * 64 }])
  expect(merged.graph!.headNode).not.toBeNull()
  expect(merged.graph).toMatchObject({ cache: 'concatenated', cacheNode: expect.stringContaining('Concat') })
  const bytes = ({ weights }: typeof plain) => weights!.reduce((sum, one) => sum + one.bytes, 0)
  expect(bytes(merged)).toBe(bytes(plain))
})

test('weights of which none is found are not said to be none', () => {
  const graph = viewGraph(modelInMemory(decoderModel(decoderWeights(), {})))
  const layout = decoderLayout(graph.inputs, graph.outputs)!
  expect(graphFacts({ graph: { ...graph, nodes: [] }, layout }, null)).not.toHaveProperty('weights')
})

test('outputs that never change: their bytes if the graph declares every size, else unknown', () => {
  const graph = viewGraph(modelInMemory(decoderModel(decoderWeights(), {})))
  const layout = decoderLayout(graph.inputs, graph.outputs)!
  const of = (length: number | string) => {
    const cross = ['key', 'value'].map((kind) => ({
      ...{ past: `past.0.encoder.${kind}`, present: `present.0.encoder.${kind}`, role: 'cross' as const, layer: 0 },
      ...{ dtype: 'float32' as const, shape: ['batch', 4, length, 8], axes: { batch: 0, heads: 1, length: 2, headSize: 3 } },
    }))
    return graphFacts({ graph, layout: { ...layout, cache: [...layout.cache, ...cross] } }, null).graph!.constantOutputs
  }
  expect(of(1500)).toEqual({ names: ['present.0.encoder.key', 'present.0.encoder.value'], bytes: 2 * 4 * 1500 * 8 * 4 })
  expect(of('encoder_sequence_length').bytes).toBeNull()
})
