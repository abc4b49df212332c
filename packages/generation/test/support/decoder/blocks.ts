// What a decoder's graph is made of: embedding, mask and angles, attention with its cache, the inner network, the head.
import { floatTensor } from '@whyslow/graph/build.ts'
import type { Pen } from './pen.ts'
import { EPSILON, headOf, type Matrix, ROPE_BASE } from './weights.ts'
import type { Body, Form } from './write-decoder.ts'

const CONTRIB = 'com.microsoft'
const FLOAT = 1
const INT32 = 6
const BOOL = 9
const FLOAT16 = 10

/** What all layers read. */
export interface Frame {
  readonly embedded: string
  /** Added to the scores: 0 where a position may look, else very negative; '' of fused attention. */
  readonly mask: string
  readonly cos: string
  readonly sin: string
  /** Of fused attention: position of the last token, and length with the past. */
  readonly lastPosition: string
  readonly totalLength: string
}

export function writeEmbedding(pen: Pen, { weights, form, cache }: Body): Frame {
  const { shape, embedding, positions, family } = weights
  const { vocabulary, width, context } = shape
  const rows =
    form.embeddings === 'apart'
      ? 'inputs_embeds'
      : pen.op('Gather', [pen.floats('embed_tokens.weight', [vocabulary, width], embedding), 'input_ids'])
  const total = pen.op('Gather', [pen.op('Shape', ['attention_mask']), pen.ints([1], [])], { axis: 0 })
  if (form.attention === 'fused') return { ...fusedFrame(pen, { weights, total }), embedded: rows }
  const past = cache === null ? pen.ints([0], []) : pastLength(pen, cache[0]!.past[0]!, form)
  const mask = writeMask(pen, { form, past, total, rows })
  if (family === 'llama')
    return { ...writeAngles(pen, { weights, form }), embedded: rows, mask, lastPosition: '', totalLength: '' }
  const learned = pen.op('Gather', [pen.floats('wpe.weight', [context, width], positions), 'position_ids'])
  const embedded = pen.op('Add', [rows, learned])
  return { embedded, mask, cos: '', sin: '', lastPosition: '', totalLength: '' }
}

function pastLength(pen: Pen, past: string, { cache }: Form): string {
  return pen.op('Gather', [pen.op('Shape', [past]), pen.ints([cache === 'stacked' ? 3 : 2], [])], { axis: 0 })
}

interface MaskParts {
  readonly form: Form
  readonly past: string
  readonly total: string
  /** What is fed, embedded. */
  readonly rows: string
}

function writeMask(pen: Pen, { form, past, total, rows }: MaskParts): string {
  const [zero, one] = [pen.ints([0], []), pen.ints([1], [])]
  const keys = pen.op('Range', [zero, total, one])
  const fed = pen.op('Gather', [pen.op('Shape', [rows]), one], { axis: 0 })
  const queries = pen.op('Range', [past, pen.op('Add', [past, fed]), one])
  const earlier = pen.op('LessOrEqual', [keys, pen.op('Unsqueeze', [queries, pen.ints([1])])])
  const real = pen.op('Unsqueeze', [pen.op('Cast', ['attention_mask'], { to: BOOL }), pen.ints([1, 2])])
  const allowed = pen.op('And', [earlier, real])
  const lowest = form.weights === 'float16' ? -65504 : -3.4e38
  const none = pen.floats('zero', [], Float32Array.of(0))
  return pen.op('Where', [allowed, none, pen.floats('lowest', [], Float32Array.of(lowest))])
}

function writeAngles(
  pen: Pen,
  { weights, form }: Pick<Body, 'weights' | 'form'>,
): { readonly cos: string; readonly sin: string } {
  const half = weights.shape.width / weights.shape.heads / 2
  const to = form.weights === 'float16' ? FLOAT16 : FLOAT
  const rates = Float32Array.from({ length: half }, (_, k) => 1 / (weights.shape.ropeBase ?? ROPE_BASE) ** (k / half))
  const positions = pen.op('Cast', [pen.op('Unsqueeze', ['position_ids', pen.ints([1, 3])])], { to: FLOAT })
  // In float32 whatever the graph computes in: angles of thousands of positions are no float16.
  const value = floatTensor('', [half], rates)
  const angles = pen.op('Mul', [positions, pen.op('Constant', [], { value })])
  const turn = (name: string) => pen.op('Cast', [pen.op(name, [angles])], { to })
  return { cos: turn('Cos'), sin: turn('Sin') }
}

function fusedFrame(pen: Pen, { weights, total }: Pick<Body, 'weights'> & { readonly total: string }) {
  const { shape } = weights
  const half = shape.width / shape.heads / 2
  const table = (turn: (angle: number) => number) =>
    Float32Array.from({ length: shape.context * half }, (_, at) =>
      turn(Math.floor(at / half) / (shape.ropeBase ?? ROPE_BASE) ** ((at % half) / half)),
    )
  const counted = pen.op('ReduceSum', ['attention_mask', pen.ints([1])], { keepdims: 0 })
  return {
    mask: '',
    cos: pen.floats('cos_cache', [shape.context, half], table(Math.cos)),
    sin: pen.floats('sin_cache', [shape.context, half], table(Math.sin)),
    lastPosition: pen.op('Cast', [pen.op('Sub', [counted, pen.ints([1])])], { to: INT32 }),
    totalLength: pen.op('Cast', [total], { to: INT32 }),
  }
}

export interface Block extends Frame {
  readonly weights: Body['weights']
  readonly form: Form
  readonly layer: number
  readonly past: readonly string[] | null
  /** Names of what the cache holds afterwards; null: there is none. */
  readonly present: readonly string[] | null
}

export function writeBlock(pen: Pen, block: Block, x: string): string {
  const { weights, layer } = block
  const own = weights.layers[layer]!
  const at = (name: string) => `layers.${layer}.${name}.weight`
  const normed = writeNorm(pen, block, { x, name: at('input_norm'), weight: own.attentionNorm })
  const mixed = block.form.attention === 'fused' ? writeFused(pen, block, normed) : writeUnfused(pen, block, normed)
  const itself = pen.op('Add', [x, pen.product(mixed, at('o_proj'), own.attentionOutput)])
  const attended = weights.cross === null ? itself : writeCross(pen, block, itself)
  const inner = writeNorm(pen, block, { x: attended, name: at('inner_norm'), weight: own.innerNorm })
  const up = pen.product(inner, at('up_proj'), own.up)
  const active =
    weights.family === 'gpt2'
      ? writeGelu(pen, up)
      : pen.op('Mul', [writeSilu(pen, pen.product(inner, at('gate_proj'), own.gate)), up])
  return pen.op('Add', [attended, pen.product(active, at('down_proj'), own.down)])
}

const writeSilu = (pen: Pen, x: string): string => pen.op('Mul', [x, pen.op('Sigmoid', [x])])

function writeGelu(pen: Pen, x: string): string {
  const scalar = (name: string, value: number) => pen.floats(name, [], Float32Array.of(value))
  const cubed = pen.op('Mul', [pen.op('Pow', [x, scalar('three', 3)]), scalar('gelu_cubic', 0.044715)])
  const argument = pen.op('Mul', [pen.op('Add', [x, cubed]), scalar('gelu_scale', Math.sqrt(2 / Math.PI))])
  const half = pen.op('Mul', [x, scalar('half', 0.5)])
  return pen.op('Mul', [half, pen.op('Add', [pen.op('Tanh', [argument]), scalar('one', 1)])])
}

interface Norm {
  readonly x: string
  readonly name: string
  readonly weight: Float32Array<ArrayBuffer>
}

function writeNorm(pen: Pen, { weights, form }: Pick<Block, 'weights' | 'form'>, { x, name, weight }: Norm): string {
  const scale = pen.floats(name, [weight.length], weight)
  if (weights.family === 'gpt2') return pen.op('LayerNormalization', [x, scale], { axis: -1, epsilon: EPSILON })
  const half = form.weights === 'float16'
  // Squares of float16 overflow: exporters compute the norm in float32.
  const wide = half ? pen.op('Cast', [x], { to: FLOAT }) : x
  const two = pen.op('Constant', [], { value: floatTensor('', [], [2]) })
  const epsilon = pen.op('Constant', [], { value: floatTensor('', [], [EPSILON]) })
  const squares = pen.op('ReduceMean', [pen.op('Pow', [wide, two])], { axes: [-1], keepdims: 1 })
  const inverse = pen.op('Reciprocal', [pen.op('Sqrt', [pen.op('Add', [squares, epsilon])])])
  const normed = pen.op('Mul', [wide, inverse])
  return pen.op('Mul', [half ? pen.op('Cast', [normed], { to: FLOAT16 }) : normed, scale])
}

const projections = (pen: Pen, { weights, layer }: Block, x: string) => {
  const { query, key, value } = weights.layers[layer]!
  const at = (name: string) => `layers.${layer}.${name}.weight`
  return {
    query: pen.product(x, at('q_proj'), query),
    key: pen.product(x, at('k_proj'), key),
    value: pen.product(x, at('v_proj'), value),
  }
}

/** https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md#com.microsoft.GroupQueryAttention */
function writeFused(pen: Pen, block: Block, x: string): string {
  const { weights, past, present, lastPosition, totalLength, cos, sin } = block
  const { query, key, value } = projections(pen, block, x)
  const output = pen.name('attention')
  pen.ops(
    { opType: 'GroupQueryAttention', domain: CONTRIB },
    [query, key, value, past?.[0] ?? '', past?.[1] ?? '', lastPosition, totalLength, cos, sin],
    [output, ...(present ?? [pen.name('key'), pen.name('value')])],
    { num_heads: weights.shape.heads, kv_num_heads: weights.shape.kvHeads, do_rotary: 1 },
  )
  return output
}

function writeUnfused(pen: Pen, block: Block, x: string): string {
  const { weights, past, present, mask, form } = block
  const { heads, kvHeads, width } = weights.shape
  const size = width / heads
  const { query, key, value } = projections(pen, block, x)
  const split = (from: string, count: number) => splitHeads(pen, from, { count, size })
  const turn = (from: string) => (weights.family === 'llama' ? writeRotation(pen, block, { x: from, half: size / 2 }) : from)
  const fresh = [turn(split(key, kvHeads)), split(value, kvHeads)]
  const kept =
    form.cache === 'stacked'
      ? stack(pen, { fresh, past, present })
      : fresh.map((one, k) => append(pen, one, past?.[k], present?.[k]))
  return attend(pen, weights, { query: turn(split(query, heads)), keys: kept[0]!, values: kept[1]!, mask })
}

interface Attention {
  readonly query: string
  readonly keys: string
  readonly values: string
  /** null: everything is seen. */
  readonly mask: string | null
}

function attend(pen: Pen, { shape }: Block['weights'], { query, keys, values, mask }: Attention): string {
  const { heads, kvHeads, width } = shape
  const size = width / heads
  const [each, mixed] = [keys, values].map((one) => repeat(pen, one, { heads, kvHeads, size }))
  const products = pen.op('MatMul', [query, pen.op('Transpose', [each!], { perm: [0, 1, 3, 2] })])
  const scores = pen.op('Div', [products, pen.floats('root_of_size', [], Float32Array.of(Math.sqrt(size)))])
  const shares = pen.op('Softmax', [mask === null ? scores : pen.op('Add', [scores, mask])], { axis: -1 })
  const joined = pen.op('Transpose', [pen.op('MatMul', [shares, mixed!])], { perm: [0, 2, 1, 3] })
  return pen.op('Reshape', [joined, pen.ints([0, -1, width])])
}

const splitHeads = (pen: Pen, from: string, { count, size }: { readonly count: number; readonly size: number }): string =>
  pen.op('Transpose', [pen.op('Reshape', [from, pen.ints([0, -1, count, size])])], { perm: [0, 2, 1, 3] })

/** Keys and values of the encoder are computed in the first call, and given again in each, as optimum's merged decoders do. */
function writeCross(pen: Pen, block: Block, x: string): string {
  const { weights, layer, past, present } = block
  const own = weights.cross![layer]!
  const { heads, kvHeads, width } = weights.shape
  const size = width / heads
  const at = (name: string) => `layers.${layer}.cross_${name}.weight`
  const normed = writeNorm(pen, block, { x, name: at('norm'), weight: own.norm })
  const query = splitHeads(pen, pen.product(normed, at('q_proj'), own.query), { count: heads, size })
  const fresh = (name: string, matrix: Matrix) =>
    splitHeads(pen, pen.product('encoder_hidden_states', at(name), matrix), { count: kvHeads, size })
  const [keys, values] = past === null ? [fresh('k_proj', own.key), fresh('v_proj', own.value)] : [past[2]!, past[3]!]
  for (const [k, one] of [keys, values].entries())
    if (present?.[2 + k] !== undefined) pen.ops('Identity', [one!], [present[2 + k]!])
  const mixed = attend(pen, weights, { query, keys: keys!, values: values!, mask: null })
  return pen.op('Add', [x, pen.product(mixed, at('o_proj'), own.output)])
}

function append(pen: Pen, fresh: string, past: string | undefined, present: string | undefined): string {
  const joined = past === undefined ? fresh : pen.op('Concat', [past, fresh], { axis: 2 })
  if (present !== undefined) pen.ops('Identity', [joined], [present])
  return joined
}

interface Stacked {
  readonly fresh: readonly string[]
  readonly past: readonly string[] | null
  readonly present: readonly string[] | null
}

/** Keys and values one above the other. */
function stack(pen: Pen, { fresh, past, present }: Stacked): string[] {
  const joined = fresh.map((one, k) =>
    past === null ? one : pen.op('Concat', [pen.op('Gather', [past[0]!, pen.ints([k], [])], { axis: 0 }), one], { axis: 2 }),
  )
  const lifted = joined.map((one) => pen.op('Unsqueeze', [one, pen.ints([0])]))
  if (present !== null) pen.ops('Concat', lifted, [present[0]!], { axis: 0 })
  return joined
}

interface Heads {
  readonly heads: number
  readonly kvHeads: number
  readonly size: number
}

/** repeat_kv of transformers: a copy of the cache for each head of the group. */
function repeat(pen: Pen, x: string, { heads, kvHeads, size }: Heads): string {
  if (heads === kvHeads) return x
  const lifted = pen.op('Unsqueeze', [x, pen.ints([2])])
  const copied = pen.op('Expand', [lifted, pen.ints([1, 1, heads / kvHeads, 1, 1])])
  return pen.op('Reshape', [copied, pen.ints([0, heads, -1, size])])
}

function writeRotation(pen: Pen, { cos, sin }: Frame, { x, half }: { readonly x: string; readonly half: number }): string {
  const part = (from: number, to: number) => pen.op('Slice', [x, pen.ints([from]), pen.ints([to]), pen.ints([-1])])
  const [a, b] = [part(0, half), part(half, 2 * half)]
  const first = pen.op('Sub', [pen.op('Mul', [a, cos]), pen.op('Mul', [b, sin])])
  const second = pen.op('Add', [pen.op('Mul', [b, cos]), pen.op('Mul', [a, sin])])
  return pen.op('Concat', [first, second], { axis: -1 })
}

/** Rows of the embedding, normed. */
export function writeEncoder(pen: Pen, weights: Block['weights'], form: Form): void {
  const { vocabulary, width } = weights.shape
  const rows = pen.op('Gather', [pen.floats('embed_tokens.weight', [vocabulary, width], weights.embedding), 'input_ids'])
  const normed = writeNorm(pen, { weights, form }, { x: rows, name: 'norm.weight', weight: weights.finalNorm })
  pen.ops('Identity', [normed], ['last_hidden_state'])
}

/** Keys and values of each layer's cross-attention; their names. */
export function writeEncoderKeys(pen: Pen, { shape, cross }: Block['weights']): string[] {
  const size = shape.width / shape.heads
  return cross!.flatMap(({ key, value }, layer) =>
    Object.entries({ key, value }).map(([kind, matrix]) => {
      const made = pen.product('last_hidden_state', `layers.${layer}.cross_${kind}.weight`, matrix)
      pen.ops('Identity', [splitHeads(pen, made, { count: shape.kvHeads, size })], [`present.${layer}.encoder.${kind}`])
      return `present.${layer}.encoder.${kind}`
    }),
  )
}

export function writeHead(
  pen: Pen,
  { weights, form }: Body,
  { x, logits }: { readonly x: string; readonly logits: string },
): void {
  const kept = keptPositions(pen, form, x)
  const normed = writeNorm(pen, { weights, form }, { x: kept, name: 'norm.weight', weight: weights.finalNorm })
  const scores =
    weights.head === null && form.head === 'float32'
      ? pen.op('MatMul', [normed, pen.op('Transpose', ['embed_tokens.weight'], { perm: [1, 0] })])
      : pen.product(normed, 'lm_head.weight', headOf(weights), form.head)
  pen.ops('Cast', [scores], [logits], { to: FLOAT })
}

function keptPositions(pen: Pen, { logits }: Form, x: string): string {
  if (logits === 'all') return x
  const from = logits === 'last' ? pen.ints([-1]) : pen.op('Neg', [pen.op('Reshape', ['num_logits_to_keep', pen.ints([1])])])
  return pen.op('Slice', [x, from, pen.ints([Number.MAX_SAFE_INTEGER]), pen.ints([1])])
}
