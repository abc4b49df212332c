// Attention in ONNX Runtime's and ONNX's variants. onnxruntime docs/ContribOperators.md: Attention, QAttention, PackedAttention,
// MultiHeadAttention, GroupQueryAttention, DecoderMaskedMultiHeadAttention …; https://onnx.ai/onnx/operators/onnx__Attention.html
// Scores and their product with the values: MACs = B * S * T * (width of all heads of Q + of V), with T = past + new keys.
// Attention, QAttention and PackedAttention also hold the projection of the input to Q, K, V; the others do not.
// A causal mask is counted dense: the half above the diagonal is work that only some kernels skip.
import { elementCount, sizeInBytes } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { hasInput, hasOutput, numberAttribute, numbersAttribute } from './attributes.ts'
import { DEQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { softmaxOps } from './counts/softmax-ops.ts'
import { defineFamily, formula } from './family.ts'
import type { NodeContext } from './types.ts'
import { tensorBytes, type Work } from './work.ts'

/** Scores are written, read and written by the softmax, and read once more, where the product is not tiled. */
const SCORE_PASSES = 4
/** x * cos + rotated x * sin. */
const ROTARY_OPS = 3
const CAUSAL = 'causal mask counted dense; kernels that skip it do about half'

interface Heads {
  /** Batch times query length: rows of Q. */
  readonly rows: number
  readonly heads: number
  /** Keys that each query meets. */
  readonly keys: number
  /** Width of all heads together, of Q (and K) and of V. */
  readonly queryWidth: number
  readonly valueWidth: number
  readonly masked: boolean
  readonly dtype: TensorType['dtype']
}

function attend({ rows, heads, keys, queryWidth, valueWidth, masked, dtype }: Heads): Work {
  const scores = rows * heads * keys
  const softmax = softmaxOps(scores, rows * heads)
  return {
    macs: rows * keys * (queryWidth + valueWidth),
    simpleOps: softmax.simple + scores * (masked ? 2 : 1),
    specialOps: softmax.special,
    functions: softmax.functions!,
    passBytes: SCORE_PASSES * sizeInBytes({ dtype, shape: [scores] })!,
    arithmetic: dtype,
  }
}

interface Projection {
  readonly rows: number
  readonly inner: number
  readonly outer: number
  readonly biased: boolean
}

/** `work` with a projection of `rows` rows from width `inner` to `outer`, whose result is written and read in between. */
function withProjection(work: Work, x: TensorType, { rows, inner, outer, biased }: Projection): Work {
  return {
    ...work,
    macs: work.macs! + rows * inner * outer,
    simpleOps: work.simpleOps! + (biased ? rows * outer : 0),
    passBytes: work.passBytes! + 2 * sizeInBytes({ dtype: x.dtype, shape: [rows * outer] })!,
  }
}

function widthsOf(context: NodeContext, weight: TensorType): readonly [number, number] {
  const sizes = numbersAttribute(context.node, 'qkv_hidden_sizes')
  const third = weight.shape.at(-1)! / 3
  return sizes?.length === 3 ? [sizes[0]!, sizes[2]!] : [third, third]
}

/** Keys of the past: axis 3 of [2, B, heads, past, size]. */
function pastKeys(past: TensorType | undefined): number {
  return past?.shape[3] ?? 0
}

/** input [B, S, I], weights [I, Dq + Dk + Dv], bias, mask, past at `pastInput`. */
const selfAttention = (pastInput: number, maskInput: number) =>
  formula([0, 1], [], ([x, w], _, context) => {
    const [batch, queries, inner] = x.shape as [number, number, number]
    const heads = numberAttribute(context.node, 'num_heads', undefined)
    if (heads === undefined) return 'it has no num_heads'
    const [queryWidth, valueWidth] = widthsOf(context, w)
    const quantized = context.node.opType === 'QAttention'
    const attention = attend({
      rows: batch * queries,
      heads,
      keys: queries + pastKeys(context.inputs[pastInput]),
      queryWidth,
      valueWidth,
      masked: hasInput(context, maskInput) || hasInput(context, 5),
      dtype: quantized ? 'float32' : x.dtype,
    })
    const work = withProjection(attention, x, {
      rows: batch * queries,
      inner,
      outer: w.shape.at(-1)!,
      biased: hasInput(context, 2),
    })
    const causal = numberAttribute(context.node, 'unidirectional', 0) === 1
    if (!quantized) return { ...work, ...(causal ? { note: CAUSAL } : {}) }
    const note = 'the projection is int8, the product with keys and values float32'
    return {
      ...work,
      simpleOps: work.simpleOps! + batch * queries * w.shape.at(-1)! * DEQUANTIZE_OPS,
      arithmetic: 'int8',
      note: causal ? `${note}; ${CAUSAL}` : note,
    }
  })

// input [tokens, I], weights, bias, token_offset [B, S], cumulative_sequence_length [B + 1]
const packedAttention = formula([0, 1, 3], [], ([x, w, offset], _, context) => {
  const heads = numberAttribute(context.node, 'num_heads', undefined)
  if (heads === undefined) return 'it has no num_heads'
  const [queryWidth, valueWidth] = widthsOf(context, w)
  const tokens = x.shape[0]!
  const packed = packedProduct(context, offset, 4, { heads, queryWidth, valueWidth, dtype: x.dtype })
  return withProjection(packed, x, { rows: tokens, inner: x.shape[1]!, outer: w.shape.at(-1)!, biased: hasInput(context, 2) })
})

// query [tokens, D] or [tokens, heads, 3, d], key, value, bias, token_offset [B, S], cumulative_sequence_length [B + 1]
const packedMultiHeadAttention = formula([0, 4], [0], ([q, offset], [y], context) => {
  const heads = numberAttribute(context.node, 'num_heads', undefined)
  if (heads === undefined) return 'it has no num_heads'
  const queryWidth = q.shape.length === 4 ? q.shape[1]! * q.shape[3]! : q.shape[1]!
  const work = packedProduct(context, offset, 5, { heads, queryWidth, valueWidth: y.shape[1]!, dtype: q.dtype })
  const biasOps = hasInput(context, 3) ? q.shape[0]! * (2 * queryWidth + y.shape[1]!) : 0
  return { ...work, simpleOps: work.simpleOps! + biasOps }
})

function packedProduct(
  context: NodeContext,
  offset: TensorType,
  lengthsInput: number,
  shape: Pick<Heads, 'heads' | 'queryWidth' | 'valueWidth' | 'dtype'>,
): Work {
  const ends = context.constant(lengthsInput)?.values
  const [batch, longest] = offset.shape as [number, number]
  const pairs = ends === undefined ? batch * longest ** 2 : ends.slice(1).reduce((sum, end, i) => sum + (end - ends[i]!) ** 2, 0)
  const work = attend({ ...shape, rows: pairs, keys: 1, masked: hasInput(context, lengthsInput + 1) })
  const rows = ends === undefined ? batch * longest : ends.at(-1)!
  return {
    ...work,
    specialOps: pairs * shape.heads + rows * shape.heads,
    ...(ends === undefined ? { note: 'every sequence counted at the longest length' } : {}),
  }
}

// query [B, S, D] or [B, S, heads, 3, d] (packed QKV), key [B, L, D] or [B, heads, L, d] or [B, L, heads, 2, d] (packed KV),
// value, bias, key_padding_mask, attention_bias, past_key, past_value
const multiHeadAttention = formula([0], [0], ([q], [y], context) => {
  const heads = numberAttribute(context.node, 'num_heads', undefined)
  if (heads === undefined) return 'it has no num_heads'
  const [batch, queries] = q.shape as [number, number]
  const packed = q.shape.length === 5
  const key = context.inputs[1]
  if (!packed && key === undefined) return 'the type of its key is not known'
  const fresh = packed ? queries : key!.shape.length === 4 ? key!.shape[2]! : key!.shape[1]!
  const queryWidth = packed ? heads * q.shape[4]! : q.shape[2]!
  const valueWidth = y.shape[2]!
  const work = attend({
    rows: batch * queries,
    heads,
    keys: fresh + (context.inputs[6]?.shape[2] ?? 0),
    queryWidth,
    valueWidth,
    masked: hasInput(context, 4) || hasInput(context, 5),
    dtype: q.dtype,
  })
  const biasOps = hasInput(context, 3) ? batch * (queries * queryWidth + fresh * (queryWidth + valueWidth)) : 0
  const causal = numberAttribute(context.node, 'unidirectional', 0) === 1
  return { ...work, simpleOps: work.simpleOps! + biasOps, ...(causal ? { note: CAUSAL } : {}) }
})

// query [B, S, heads * d] or packed with K and V, key, value, past_key [B, kv_heads, P, d], past_value, seqlens_k,
// total_sequence_length, cos_cache, sin_cache -> y [B, S, heads * d], present_key, present_value.
// Grouped heads save bytes of keys and values, not MACs.
const groupQueryAttention = formula([0], [0], ([q], [y], context) => {
  const { node } = context
  const heads = numberAttribute(node, 'num_heads', undefined)
  const keyHeads = numberAttribute(node, 'kv_num_heads', undefined)
  if (heads === undefined || keyHeads === undefined) return 'it has no num_heads or kv_num_heads'
  const [batch, queries, width] = y.shape as [number, number, number]
  const past = context.inputs[3]
  const present = context.outputs[1]
  if (hasInput(context, 3) && past === undefined) return 'the type of its past_key is not known'
  if (hasOutput(context, 1) && present === undefined) return 'the type of its present_key is not known'
  const total = context.constant(6)?.values?.[0] ?? present?.shape[2] ?? queries + (past?.shape[2] ?? 0)
  const window = numberAttribute(node, 'local_window_size', -1)
  const keys = window > 0 ? Math.min(total, window) : total
  const work = attend({
    rows: batch * queries,
    heads,
    keys,
    queryWidth: width,
    valueWidth: width,
    masked: hasInput(context, 10),
    dtype: q.dtype,
  })
  const keyWidth = (width / heads) * keyHeads
  const rotary = numberAttribute(node, 'do_rotary', 0) === 1 ? batch * queries * (width + keyWidth) * ROTARY_OPS : 0
  // The past and the present are one buffer if they have one shape: the new keys alone are written, the used ones read.
  const shared = past !== undefined && past.shape[2] === present?.shape[2]
  const bytesOf = (length: number) => sizeInBytes({ dtype: q.dtype, shape: [batch, length, keyWidth] })!
  const cache = shared
    ? { readBytes: { 3: bytesOf(keys), 4: bytesOf(keys) }, writtenBytes: { 1: bytesOf(queries), 2: bytesOf(queries) } }
    : {}
  return { ...work, ...cache, simpleOps: work.simpleOps! + rotary, ...(queries > 1 ? { note: CAUSAL } : {}) }
})

// query [B, 1, D], key, value, mask_index, attention_bias, past_key [B, heads, P, d], past_value, past_sequence_length …
const decoderMaskedMultiHeadAttention = formula([0], [0], ([q], [y], context) => {
  const heads = numberAttribute(context.node, 'num_heads', undefined)
  if (heads === undefined) return 'it has no num_heads'
  const past = context.inputs[5]?.shape[2]
  const cross = context.inputs[1]?.shape.length === 4 ? context.inputs[1].shape[2] : undefined
  const given = context.constant(7)?.values?.[0]
  const keys = given !== undefined ? given + 1 : (cross ?? (past ?? 0) + 1)
  const [batch, queries, width] = y.shape as [number, number, number]
  const work = attend({
    rows: batch * queries,
    heads,
    keys,
    queryWidth: width,
    valueWidth: width,
    masked: hasInput(context, 3) || hasInput(context, 4),
    dtype: q.dtype,
  })
  return given === undefined && past !== undefined ? { ...work, note: 'the whole buffer of past keys counted' } : work
})

// ai.onnx 23: Q, K, V as [B, heads, S, d] or [B, S, heads * d] with q_num_heads; attn_mask, past_key, past_value
const attention23 = formula([0, 1, 2], [0], ([q, k], [y], context) => {
  const { node } = context
  const flat = q.shape.length === 3
  const heads = flat ? numberAttribute(node, 'q_num_heads', undefined) : q.shape[1]!
  if (heads === undefined) return 'it has no q_num_heads'
  const [batch, queries] = [q.shape[0]!, flat ? q.shape[1]! : q.shape[2]!]
  const rows = batch * queries
  const work = attend({
    rows,
    heads,
    keys: (k.shape.length === 3 ? k.shape[1]! : k.shape[2]!) + (context.inputs[4]?.shape[2] ?? 0),
    queryWidth: elementCount(q.shape) / rows,
    valueWidth: elementCount(y.shape) / rows,
    masked: hasInput(context, 3),
    dtype: q.dtype,
  })
  const causal = numberAttribute(node, 'is_causal', 0) === 1
  return { ...work, ...(causal ? { note: CAUSAL } : {}) }
})

/** The blocks that one head looks at, from the rows' ends in each layout; undefined if they are not constant. */
function sparseBlocks(context: NodeContext): number | undefined {
  const ends = context.constant(5)?.values
  const layouts = context.inputs[5]?.shape[0]
  if (ends === undefined || !layouts) return undefined
  const perLayout = ends.length / layouts
  return ends.reduce((sum, end, i) => sum + (i % perLayout === perLayout - 1 ? end : 0), 0) / layouts
}

// query [B, S, heads * d] or packed with K and V, key, value, caches, block_row_indices [layouts, blocks + 1], block_col_indices …: each
// head looks at the blocks of its layout alone: of all pairs the share that the layout has of its square.
const sparseAttention = formula([0], [0], ([q], [y], context) => {
  const { node } = context
  const heads = numberAttribute(node, 'num_heads', undefined)
  const block = numberAttribute(node, 'sparse_block_size', undefined)
  if (heads === undefined || block === undefined) return 'it has no num_heads or sparse_block_size'
  const [batch, queries, width] = y.shape as [number, number, number]
  const blocks = sparseBlocks(context)
  const longest = Math.max(1, ((context.inputs[5]?.shape[1] ?? 1) - 1) * block)
  const keys = context.constant(7)?.values?.[0] ?? queries
  const pairs = blocks === undefined ? queries : queries * keys * ((blocks * block ** 2) / longest ** 2)
  const work = attend({ rows: batch, heads, keys: pairs, queryWidth: width, valueWidth: width, masked: true, dtype: q.dtype })
  const rows = { specialOps: batch * heads * (pairs + queries) }
  const keyWidth = (width / heads) * numberAttribute(node, 'kv_num_heads', heads)
  const bytesOf = (length: number) => sizeInBytes({ dtype: q.dtype, shape: [batch, length, keyWidth] })!
  // The caches are written in place.
  const cache = { readBytes: { 3: 0, 4: 0 }, writtenBytes: { 1: bytesOf(queries), 2: bytesOf(queries) } }
  const note = blocks === undefined ? 'its blocks are not constant: one key counted per query' : CAUSAL
  return { ...work, ...rows, ...cache, note }
})

// Only the first rotary_embedding_dim of each head turn, if it is given; the rest is copied.
const rotaryEmbedding = formula([0], [0], ([x], [y], { node }) => {
  const heads = numberAttribute(node, 'num_heads', 0)
  const turned = numberAttribute(node, 'rotary_embedding_dim', 0)
  const size = x.shape.length === 4 ? x.shape[3]! : heads > 0 ? x.shape.at(-1)! / heads : turned
  const share = turned > 0 && size > 0 ? Math.min(1, turned / size) : 1
  return { simpleOps: elementCount(y.shape) * share * ROTARY_OPS, readBytes: { 0: tensorBytes(x) } }
})

export const attentionFamily = defineFamily(
  'attention',
  {},
  {
    Attention: attention23,
    RotaryEmbedding: rotaryEmbedding,
    'com.microsoft:RotaryEmbedding': rotaryEmbedding,
    'com.microsoft:MRotaryEmbedding': rotaryEmbedding,
    'ai.onnx.preview:FlexAttention': attention23,
    'com.microsoft:SparseAttention': sparseAttention,
    'com.microsoft:Attention': selfAttention(4, 3),
    'com.microsoft:QAttention': selfAttention(8, 5),
    'com.microsoft:PackedAttention': packedAttention,
    'com.microsoft:PackedMultiHeadAttention': packedMultiHeadAttention,
    'com.microsoft:MultiHeadAttention': multiHeadAttention,
    'com.microsoft:GroupQueryAttention': groupQueryAttention,
    'com.microsoft:DecoderMaskedMultiHeadAttention': decoderMaskedMultiHeadAttention,
  },
)
