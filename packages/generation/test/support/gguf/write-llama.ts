// The tiny llama of test/support/decoder as a GGUF file that llama.cpp reads, with its tokenizer.
import fs from 'node:fs'
import path from 'node:path'
import { toFloat16 } from '@whyslow/graph/encode.ts'
import { type DecoderWeights, EPSILON, type Matrix, ROPE_BASE } from '../decoder/weights.ts'
import { END_ID, tinyVocabulary } from '../tokenizer/tiny-tokenizer.ts'
import { type Entry, type TensorToWrite, writeGguf } from './write-gguf.ts'

export type GgufType = 'F32' | 'F16' | 'Q8_0' | 'Q4_0'

/** Blocks of 32 take Q8_0 and Q4_0: every width is a multiple of 32. */
export function llamaGguf(weights: DecoderWeights, type: GgufType = 'F32'): Buffer {
  const { shape, embedding, layers, finalNorm, head } = weights
  const { width, heads, kvHeads, vocabulary } = shape
  const size = width / heads
  const tensor = (name: string, dims: readonly number[], values: Float32Array, as: GgufType = type): TensorToWrite => ({
    name,
    shape: dims,
    type: as,
    bytes: encode(values, as),
  })
  const matrix = (name: string, { inputs, outputs, values }: Matrix, order = (row: number) => row): TensorToWrite => {
    const rows = new Float32Array(values.length)
    for (let n = 0; n < outputs; n++) for (let k = 0; k < inputs; k++) rows[order(n) * inputs + k] = values[k * outputs + n]!
    return tensor(name, [inputs, outputs], rows)
  }
  // llama.cpp turns neighbours, exporters of transformers halves of a head.
  const neighbours = (row: number) => {
    const within = row % size
    const half = size / 2
    return row - within + (within < half ? 2 * within : 2 * (within - half) + 1)
  }
  const blocks = layers.flatMap((layer, k) => [
    tensor(`blk.${k}.attn_norm.weight`, [width], layer.attentionNorm, 'F32'),
    matrix(`blk.${k}.attn_q.weight`, layer.query, neighbours),
    matrix(`blk.${k}.attn_k.weight`, layer.key, neighbours),
    matrix(`blk.${k}.attn_v.weight`, layer.value),
    matrix(`blk.${k}.attn_output.weight`, layer.attentionOutput),
    tensor(`blk.${k}.ffn_norm.weight`, [width], layer.innerNorm, 'F32'),
    matrix(`blk.${k}.ffn_gate.weight`, layer.gate),
    matrix(`blk.${k}.ffn_up.weight`, layer.up),
    matrix(`blk.${k}.ffn_down.weight`, layer.down),
  ])
  const tensors = [
    tensor('token_embd.weight', [width, vocabulary], embedding),
    ...blocks,
    tensor('output_norm.weight', [width], finalNorm, 'F32'),
    ...(head === null ? [] : [matrix('output.weight', head)]),
  ]
  return writeGguf({ metadata: { ...architecture(weights, { size, kvHeads }), ...tokenizer(vocabulary) }, tensors })
}

export function writeLlamaGguf(file: string, weights: DecoderWeights, type: GgufType = 'F32'): string {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, llamaGguf(weights, type))
  return file
}

function architecture(
  { shape }: DecoderWeights,
  { size, kvHeads }: { readonly size: number; readonly kvHeads: number },
): Record<string, Entry> {
  return {
    'general.architecture': { text: 'llama' },
    'general.name': { text: 'tiny' },
    'llama.block_count': { u32: shape.layers },
    'llama.context_length': { u32: shape.context },
    'llama.embedding_length': { u32: shape.width },
    'llama.feed_forward_length': { u32: shape.inner },
    'llama.attention.head_count': { u32: shape.heads },
    'llama.attention.head_count_kv': { u32: kvHeads },
    'llama.attention.layer_norm_rms_epsilon': { f32: EPSILON },
    'llama.rope.dimension_count': { u32: size },
    'llama.rope.freq_base': { f32: shape.ropeBase ?? ROPE_BASE },
    'llama.vocab_size': { u32: shape.vocabulary },
  }
}

function tokenizer(vocabulary: number): Record<string, Entry> {
  const { tokens, merges } = tinyVocabulary(vocabulary)
  return {
    'tokenizer.ggml.model': { text: 'gpt2' },
    'tokenizer.ggml.pre': { text: 'gpt-2' },
    'tokenizer.ggml.tokens': { texts: tokens },
    // 1: normal, 3: control.
    'tokenizer.ggml.token_type': { i32s: tokens.map((_, id) => (id === END_ID ? 3 : 1)) },
    'tokenizer.ggml.merges': { texts: merges },
    'tokenizer.ggml.bos_token_id': { u32: END_ID },
    'tokenizer.ggml.eos_token_id': { u32: END_ID },
    'tokenizer.ggml.add_bos_token': { bool: false },
  }
}

function encode(values: Float32Array, type: GgufType): Uint8Array {
  if (type === 'F32') return new Uint8Array(values.slice().buffer)
  if (type === 'F16') return new Uint8Array(Uint16Array.from(values, toFloat16).buffer)
  const blocks = Array.from({ length: values.length / 32 }, (_, k) => values.subarray(k * 32, k * 32 + 32))
  return Buffer.concat(blocks.map(type === 'Q8_0' ? block8 : block4))
}

function block8(values: Float32Array): Buffer {
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / 127
  const made = Buffer.alloc(34)
  made.writeUInt16LE(toFloat16(scale))
  for (const [k, value] of values.entries()) made.writeInt8(scale === 0 ? 0 : Math.round(value / scale), 2 + k)
  return made
}

/** The first half of the block in the lower bits. */
function block4(values: Float32Array): Buffer {
  const largest = values.reduce((most, value) => (Math.abs(value) > Math.abs(most) ? value : most), 0)
  const scale = largest / -8
  const made = Buffer.alloc(18)
  made.writeUInt16LE(toFloat16(scale))
  const code = (value: number) => (scale === 0 ? 8 : Math.min(15, Math.floor(value / scale + 8.5)))
  for (let k = 0; k < 16; k++) made[2 + k] = code(values[k]!) | (code(values[k + 16]!) << 4)
  return made
}
