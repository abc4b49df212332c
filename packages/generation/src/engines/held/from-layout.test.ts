import { modelInMemory, node } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { viewGraph } from '@whyslow/graph/view.ts'
import type { GraphProto } from 'onnx-buf'
import { describe, expect, it } from 'vitest'
import { decoderWeights, TINY } from '../../../test/support/decoder/weights.ts'
import { type DecoderForm, decoderModel } from '../../../test/support/decoder/write-decoder.ts'
import { decoderLayout } from '../../recognize/layout.ts'
import { cachesWrittenInPlace, heldLayout } from './from-layout.ts'

const weights = decoderWeights({ shape: { ...TINY, width: 64, heads: 4, kvHeads: 2 } })
const read = (form: DecoderForm) => {
  const proto = decoderModel(weights, form)
  const { inputs, outputs } = viewGraph(modelInMemory(proto))
  return { graph: proto.graph!, layout: decoderLayout(inputs, outputs)! }
}
const held = (form: DecoderForm) => {
  const { graph, layout } = read(form)
  return heldLayout(layout, graph)
}

describe('heldLayout', () => {
  it('is plain data that says what a step is fed', () => {
    const found = held({ attention: 'fused', logits: 'chosen' })
    expect(JSON.parse(JSON.stringify(found))).toEqual({
      ids: { name: 'input_ids', dtype: 'int64' },
      mask: { name: 'attention_mask', dtype: 'int64' },
      positions: [],
      numbers: [{ name: 'num_logits_to_keep', dtype: 'int64', is: 'wanted', rank: 0 }],
      logits: 'logits',
      onlyLast: false,
      caches: [0, 1].flatMap((layer) =>
        ['key', 'value'].map((what) => ({
          past: `past_key_values.${layer}.${what}`,
          present: `present.${layer}.${what}`,
          dtype: 'float32',
          shape: [1, 2, 0, 16],
          axis: 2,
          inPlace: true,
        })),
      ),
      capacity: null,
    })
  })

  it('gives a ring again at each step, since its attention writes it where the token belongs', () => {
    const { graph, layout } = read({ attention: 'fused' })
    const ring = layout.cache.map((entry) => ({
      ...entry,
      role: 'state' as const,
      shape: [1, 2, 32, 16],
      axes: { ...entry.axes, length: null },
    }))
    expect(heldLayout({ ...layout, cache: ring }, graph)).toMatchObject({
      caches: ring.map(() => ({ axis: null, inPlace: false })),
    })
  })

  it('feeds places in the shape that each input declares', () => {
    const { graph, layout } = read({})
    const cachePositions = { name: 'cache_position', kind: 'tensor', dtype: 'int64', shape: ['new'] } as const
    expect(heldLayout({ ...layout, inputs: { ...layout.inputs, cachePositions } }, graph)).toMatchObject({
      positions: [
        { name: 'position_ids', dtype: 'int64', shape: ['batch_size', 'sequence_length'] },
        { name: 'cache_position', dtype: 'int64', shape: ['new'] },
      ],
    })
  })

  it('says why a decoder cannot be fed', () => {
    const apart = read({ embeddings: 'apart' })
    expect(heldLayout(apart.layout, apart.graph)).toBe('it is fed embeddings (inputs_embeds), and this engine feeds token ids')
    expect(held({ cache: 'none' })).toBe('it has no cache: everything is computed again for each token')
    const { graph, layout } = read({})
    const [first, ...others] = layout.cache
    expect(heldLayout({ ...layout, cache: [{ ...first!, role: 'cross' }, ...others] }, graph)).toMatch(
      /it computes the keys of its encoder and its tokens in one graph/,
    )
    // What the encoder itself gives is no cache of this engine.
    const given = heldLayout({ ...layout, cache: [{ ...first!, role: 'cross', present: null }, ...others] }, graph)
    expect(typeof given === 'string' ? given : given.caches.map(({ past }) => past)).toEqual(others.map(({ past }) => past))
    expect(heldLayout({ ...layout, capacity: 128 }, graph)).toMatch(
      /has one size from the first token on, and is not written where it is read/,
    )
    expect(heldLayout({ ...layout, cache: [{ ...first!, shape: ['batch', 'heads', 'past', 16] }, ...others] }, graph)).toMatch(
      /the size of past_key_values.0.key along its axis 1 is declared neither there nor in config/,
    )
  })
})

describe('writtenInPlace', () => {
  it('are those of GroupQueryAttention, which nobody else sees', () => {
    const { graph, layout } = read({ attention: 'fused' })
    expect(cachesWrittenInPlace(graph, layout.cache)).toEqual(layout.cache)
    expect(cachesWrittenInPlace(read({}).graph, read({}).layout.cache)).toEqual([])
    // Room to spare would show in the shape.
    const seen: GraphProto = copyWith(graph, {
      node: [...graph.node, node('Shape', ['past_key_values.1.value'], ['past_shape'])],
    })
    expect(cachesWrittenInPlace(seen, layout.cache)).toEqual(layout.cache.slice(0, -1))
    const given = copyWith(graph, { node: [...graph.node, node('Shape', ['present.1.value'], ['present_shape'])] })
    expect(cachesWrittenInPlace(given, layout.cache)).toEqual(layout.cache.slice(0, -1))
  })
})
