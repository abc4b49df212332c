import { floatTensor, node, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { matchGraph } from '@whyslow/graph/rewrite/match.ts'
import { inlineBytes } from '@whyslow/graph/tensor-data.ts'
import type { ModelProto } from 'onnx-buf'
import { describe, expect, it } from 'vitest'
import { applied, decoderTarget, meanOff, offBy, operatorsOf, tools } from '../../test/support/check-remedy.ts'
import { decoderWeights } from '../../test/support/decoder/weights.ts'
import { decoderModel } from '../../test/support/decoder/write-decoder.ts'
import { int8Head } from './int8-head.ts'
import { productsIn } from './kit/block-products.ts'

const target = (seed: number, form: Parameters<typeof decoderModel>[1] = {}, tied = false) =>
  decoderTarget(decoderModel(decoderWeights({ seed, tied }), form))

/** Root mean square, as share of that of the logits: the head alone rounds, to 44 dB, and its activations. */
const MOST = 0.02

describe.each([...int8Head.variants])('variant %s', (variant) => {
  it.each([1, 2, 3])('logits stay near those of seed %i, and are not the same', async (seed) => {
    const off = await offBy(int8Head, target(seed), variant, tools, meanOff)
    expect(off).toBeLessThan(MOST)
    expect(off).toBeGreaterThan(0)
  })
})

/** A tied decoder whose table of embeddings is int8 with a scale for all, as quantizers leave it: its rows and all of it are dequantized at each call. */
function withInt8Table(proto: ModelProto): ModelProto {
  const graph = proto.graph!
  const table = graph.initializer.find(({ name }) => name === 'embed_tokens.weight')!
  const values = new Float32Array(inlineBytes(table).slice().buffer)
  const scale = Math.max(...values.map(Math.abs)) / 127
  const integers = Int8Array.from(values, (value) => Math.round(value / scale))
  const shape = table.dims.map(Number)
  const initializer = [
    ...graph.initializer.filter((one) => one !== table),
    rawTensor('embed_quantized', 'int8', shape, new Uint8Array(integers.buffer)),
    floatTensor('embed_scale', [], new Float32Array([scale])),
    rawTensor('embed_zero_point', 'int8', [], new Uint8Array(1)),
  ]
  const dequantize = node('DequantizeLinear', ['embed_quantized', 'embed_scale', 'embed_zero_point'], [table.name])
  return copyWith(proto, { graph: copyWith(graph, { initializer, node: [dequantize, ...graph.node] }) })
}

describe('int8-head', () => {
  it('reads a table that is dequantized at each call as the int8 that it is', async () => {
    const quantized = decoderTarget(withInt8Table(decoderModel(decoderWeights({ seed: 1, tied: true }))))
    const { model } = await applied(int8Head, quantized)
    expect(operatorsOf(model).filter((one) => one === 'MatMulNBits').length).toBe(1)
    // The rows that are looked up are still dequantized; the head's copy is turned no more.
    expect(model.proto.graph!.node.some(({ input }) => input[0] === 'embed_tokens.weight' && input.length === 1)).toBe(false)
    expect(await offBy(int8Head, quantized, '32', tools, meanOff)).toBeLessThan(MOST)
  })

  it('leaves what is quantized in another way', () => {
    const proto = withInt8Table(decoderModel(decoderWeights({ seed: 1, tied: true })))
    const scales = proto.graph!.initializer.map((one) =>
      one.name === 'embed_scale' ? floatTensor(one.name, [3], new Float32Array(3)) : one,
    )
    const strange = copyWith(proto, { graph: copyWith(proto.graph!, { initializer: scales }) })
    expect(
      productsIn(matchGraph(decoderTarget(strange).model, strange.graph!)).map(({ weights }) => weights.constant.name),
    ).not.toContain('embed_quantized')
  })

  it('is found in both branches of a merged decoder', async () => {
    const { model } = await applied(int8Head, target(1, { cache: 'merged' }))
    expect(model.proto.graph!.initializer.filter(({ name }) => name.endsWith('_Q8')).map(({ name }) => name)).toEqual([
      'lm_head.weight_Q8',
    ])
  })

  it('leaves a tied table of embeddings in float', async () => {
    const { model } = await applied(int8Head, target(1, {}, true))
    const names = model.proto.graph!.initializer.map(({ name }) => name)
    expect(names).toContain('embed_tokens.weight')
    expect(names).toContain('embed_tokens.weight_Q8')
    expect(operatorsOf(model).filter((one) => one === 'MatMulNBits').length).toBe(1)
  })

  it('leaves a head in fewer bits as it is', () => {
    expect(int8Head.applies(target(1, { weights: 'int4' }))).toBe('the head is MatMulNBits already')
  })
})
