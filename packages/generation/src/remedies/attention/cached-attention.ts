// Attention over a cache as exporters write it in pieces, with K and V what came before and what is new one after another:
//   K = Concat(past_key, k), V = Concat(past_value, v); each of their heads repeated for several of the queries (repeat_kv)
//   Reshape(Transpose(MatMul(Softmax(MatMul(q, K^T) * scale + mask), V)))
// Gemma 2 holds scores within a cap, before the mask: tanh(scores / cap) * cap.

import { intsOf, isOperator, type Matching, numberOf, otherOperand } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import type { CacheEntry, DecoderLayout } from '../../recognize/layout.ts'
import { scalarOf } from './scalars.ts'

export interface Mask {
  /** added: 0 where a key is seen, far below 0 elsewhere. seen, hidden: truths. */
  readonly kind: 'added' | 'seen' | 'hidden'
  readonly name: string
  /** What the sum of mask and scores is multiplied by before the softmax. */
  readonly scale: number
}

export interface CachedAttention {
  readonly softmax: NodeProto
  /** [batch, heads, new tokens, size]. */
  readonly query: string
  readonly heads: number
  readonly kvHeads: number
  readonly size: number
  readonly scale: number
  /** Scores are cap * tanh(scores / cap); null: as they are. */
  readonly cap: number | null
  /** One behind the other: a key is seen if all show it. */
  readonly masks: readonly Mask[]
  readonly keys: FoundCache
  readonly values: FoundCache
  /** The Reshape that joins the heads. */
  readonly last: NodeProto
}

/** The attention around a Softmax; a reason if it is none over a cache, or is written in a way that is not known. */
export function findCachedAttention(matching: Matching, softmax: NodeProto, layout: DecoderLayout): CachedAttention | string {
  const place = softmax.name || softmax.output[0]!
  const scores = findScores(matching, softmax.input[0]!)
  if (typeof scores === 'string') return `${place}: ${scores}`
  const query = unscaled(matching, scores.product.input[0]!)
  const turned = unscaled(matching, scores.product.input[1]!)
  const turn = matching.producer(turned.name)
  if (!isTranspose(turn, '0,1,3,2')) return `${place}: the keys are not turned by a Transpose of their last two axes`
  const between = unscaled(matching, turn.input[0]!)
  const keys = findCache(matching, between.name, layout)
  if (typeof keys === 'string') return `${place}: ${keys}`

  const weighted = readerOfShares(matching, softmax)
  if (!isOperator(weighted, 'MatMul')) return `${place}: what reads the shares is not a MatMul`
  const values = findCache(matching, weighted.input[1]!, layout)
  if (typeof values === 'string') return `${place}: ${values}`
  // Rotary positions may hide the sizes of queries: the cache declares that of a head, and several heads of keys are those of the queries.
  const [sizes, repeated] = [matching.shape(query.name), matching.shape(keys.read)?.[1]]
  const heads = oneNumber(sizes?.[1], repeated === 1 ? undefined : repeated)
  const size = oneNumber(sizes?.[3], keys.entry.shape[3])
  const kvHeads = keys.entry.shape[1] ?? matching.shape(keys.added)?.[1]
  if (heads === undefined || size === undefined || typeof kvHeads !== 'number' || heads % kvHeads !== 0)
    return `${place}: the numbers of heads do not follow from the graph`
  if (oneNumber(matching.shape(values.added)?.[3], values.entry.shape[3]) !== size)
    return `${place}: keys and values have heads of different size`
  const mixed = matching.onlyReader(weighted)
  const back = isSameSplit(matching, mixed, { heads, size }) ? matching.onlyReader(mixed) : mixed
  if (!isTranspose(back, '0,2,1,3')) return `${place}: the heads are not joined by a Transpose and a Reshape`
  // Others may read its sizes, for that Reshape.
  const last = matching.readers(back.output[0]!).find((one) => isOperator(one, 'Reshape') && one.input[0] === back.output[0])
  if (last === undefined) return `${place}: the heads are not joined by a Transpose and a Reshape`

  // GroupQueryAttention works on multiples of 8: contrib_ops/cpu/bert/group_query_attention_helper.h
  if (size % 8 !== 0) return `${place}: heads of ${size} numbers, and GroupQueryAttention takes multiples of 8`
  return {
    ...{ softmax, heads, kvHeads, size, last },
    query: query.name,
    scale: scores.scale * query.scale * turned.scale * between.scale,
    cap: scores.cap,
    masks: scores.masks,
    keys,
    values,
  }
}

const oneNumber = (...sizes: readonly unknown[]): number | undefined => sizes.find((size) => typeof size === 'number')

/** A Reshape of [batch, heads, tokens, size] to the same, as Falcon has it. */
function isSameSplit(
  { shape }: Matching,
  node: NodeProto | undefined,
  { heads, size }: Pick<CachedAttention, 'heads' | 'size'>,
): node is NodeProto {
  if (!isOperator(node, 'Reshape')) return false
  const sizes = shape(node.output[0])
  return sizes?.length === 4 && sizes[1] === heads && sizes[3] === size
}

interface Scores {
  readonly product: NodeProto
  readonly scale: number
  readonly cap: number | null
  readonly masks: readonly Mask[]
}

/** Back from the softmax: casts, masks, scales, perhaps a cap, then the product. */
function findScores(matching: Matching, name: string): Scores | string {
  const { producer } = matching
  const masks: Mask[] = []
  let [at, scale, cap]: [string, number, number | null] = [name, 1, null]
  for (;;) {
    const found = unscaled(matching, at)
    scale *= found.scale
    const made = producer(found.name)
    if (made === undefined) return `the scores are ${found.name}, which no node makes`
    if (isOperator(made, 'MatMul')) return { product: made, scale, cap, masks }
    if (isOperator(made, 'Tanh') && cap === null) {
      // What scales the tanh is the cap; what scales before it is less by as much.
      cap = scale
      at = made.input[0]!
      continue
    }
    // Within a cap a mask would not be far below.
    const masked = cap === null ? maskOf(matching, made, scale) : undefined
    if (masked === undefined) return `the scores come from ${made.opType}`
    masks.push(masked.mask)
    at = masked.scores
  }
}

interface Masked {
  readonly mask: Mask
  readonly scores: string
}

function maskOf(matching: Matching, one: NodeProto, scale: number): Masked | undefined {
  if (isOperator(one, 'Add')) {
    const scores = one.input.find((name) => leadsToProduct(matching, name))
    const name = scores === undefined ? undefined : otherOperand(one, scores)
    return name === undefined ? undefined : { mask: { kind: 'added', name, scale }, scores: scores! }
  }
  if (!isOperator(one, 'Where')) return undefined
  const [condition, yes, no] = one.input as [string, string, string]
  const isFar = (name: string) => (scalarOf(matching, name) ?? 0) * scale <= FAR_BELOW
  if (isFar(no)) return { mask: { kind: 'seen', name: condition, scale }, scores: yes }
  return isFar(yes) ? { mask: { kind: 'hidden', name: condition, scale }, scores: no } : undefined
}

/** What a softmax makes nothing of. */
export const FAR_BELOW = -1e4

/** Through scales, casts, a cap and other masks. */
function leadsToProduct(matching: Matching, name: string): boolean {
  const made = matching.producer(unscaled(matching, name).name)
  if (made === undefined) return false
  if (isOperator(made, 'MatMul')) return [made.output[0], ...made.input].some((one) => matching.shape(one)?.length === 4)
  if (isOperator(made, 'Tanh')) return leadsToProduct(matching, made.input[0]!)
  if (isOperator(made, 'Add')) return made.input.some((one) => leadsToProduct(matching, one))
  return isOperator(made, 'Where') && made.input.slice(1).some((one) => leadsToProduct(matching, one))
}

/** The value before casts and products and quotients with one number. */
function unscaled(matching: Matching, name: string): { readonly name: string; readonly scale: number } {
  let [at, scale] = [name, 1]
  for (let made = matching.producer(at); isOperator(made, 'Mul', 'Div', 'Cast', 'Identity'); made = matching.producer(at)) {
    if (!isOperator(made, 'Mul', 'Div')) {
      at = made.input[0]!
      continue
    }
    const factor = made.input.map((one) => scalarOf(matching, one))
    const which = factor[1] !== undefined ? 1 : made.opType === 'Mul' && factor[0] !== undefined ? 0 : undefined
    if (which === undefined || !Number.isFinite(factor[which]!) || factor[which]! <= 0) break
    scale *= made.opType === 'Div' ? 1 / factor[which]! : factor[which]!
    at = made.input[1 - which]!
  }
  return { name: at, scale }
}

export interface FoundCache {
  readonly entry: CacheEntry
  /** The Concat, and each Identity or idle Cast from it to the output. */
  readonly makers: readonly NodeProto[]
  /** What attention reads, its heads repeated, [batch, heads, all tokens, size]. */
  readonly read: string
  /** What is behind the past, [batch, heads of the cache, new tokens, size]. */
  readonly added: string
}

/** Back over repeated heads to the Concat of what the cache held and what is new. */
function findCache(matching: Matching, name: string, { cache }: DecoderLayout): FoundCache | string {
  const source = beforeIdle(matching, withoutRepeats(matching, name))
  const concat = matching.producer(source)
  if (!isOperator(concat, 'Concat')) return `${source} does not join the cache with the new values`
  const entry = cache.find(({ past }) => past === concat.input[0])
  const { axes } = entry ?? {}
  if (entry?.present == null || concat.input.length !== 2) return `${source} is not joined of a cache and what is new`
  const isUsual = axes?.batch === 0 && axes.heads === 1 && axes.length === 2 && axes.headSize === 3
  if (!isUsual || ![2, -2].includes(numberOf(concat, 'axis', 0)))
    return `the cache ${entry.past} is not [batch, heads, tokens, size]`
  const passes: NodeProto[] = []
  let at = entry.present
  for (let given = matching.producer(at); at !== source; given = matching.producer(at)) {
    if (!isIdle(matching, given)) return `${entry.present} is not what attention reads`
    passes.push(given)
    at = given.input[0]!
  }
  return { entry, makers: [concat, ...passes], read: name, added: concat.input[1]! }
}

/** Gives what it is given: an Identity, or a Cast to the type that there is. */
function isIdle({ dtype }: Matching, node: NodeProto | undefined): node is NodeProto {
  if (!isOperator(node, 'Identity', 'Cast')) return false
  const type = dtype(node.input[0])
  return node.opType === 'Identity' || (type !== undefined && type === dtype(node.output[0]))
}

function beforeIdle(matching: Matching, name: string): string {
  let at = name
  for (let made = matching.producer(at); isIdle(matching, made); made = matching.producer(at)) at = made.input[0]!
  return at
}

/** Back over Reshape(Expand(Unsqueeze(x, 2))), or a Gather of heads one after the other; the value itself if there is neither. */
function withoutRepeats(matching: Matching, name: string): string {
  const { producer } = matching
  const joined = producer(name)
  if (joined === undefined) return name
  if (isOperator(joined, 'Reshape')) {
    const spread = producer(joined.input[0])
    const wide = isOperator(spread, 'Expand', 'Tile') ? producer(spread.input[0]) : undefined
    return wide !== undefined && addsAxis(matching, wide) ? wide.input[0]! : name
  }
  if (!isOperator(joined, 'Gather') || numberOf(joined, 'axis', 0) !== 1) return name
  const indices = matching.numbers(joined.input[1]) ?? []
  const repeats = indices.findIndex((one) => one !== 0)
  if (repeats < 1 || indices.some((one, at) => one !== Math.floor(at / repeats))) return name
  return joined.input[0]!
}

/** A new axis behind that of the heads. */
function addsAxis(matching: Matching, one: NodeProto): boolean {
  if (isOperator(one, 'Reshape')) return matching.shape(one.output[0])?.[2] === 1
  return isOperator(one, 'Unsqueeze') && (intsOf(one, 'axes') ?? matching.numbers(one.input[1]))?.join() === '2'
}

/** The one reader of the shares, casts left out, and what makes shares of a row that sees nothing 0: Where(IsNaN(x), 0, x). */
function readerOfShares(matching: Matching, softmax: NodeProto): NodeProto | undefined {
  let one = softmax
  for (;;) {
    const guard = guardedReader(matching, one.output[0]!)
    const next = guard ?? matching.onlyReader(one)
    if (next === undefined || (guard === undefined && !isOperator(next, 'Cast', 'Identity', 'Dropout'))) return next
    one = next
  }
}

function guardedReader(matching: Matching, value: string): NodeProto | undefined {
  const readers = matching.readers(value)
  const check = readers.find((one) => isOperator(one, 'IsNaN'))
  const choice = readers.find((one) => isOperator(one, 'Where') && one.input[2] === value)
  if (readers.length !== 2 || check === undefined || choice === undefined || choice.input[0] !== check.output[0]) return undefined
  return matching.scalar(choice.input[1]) === 0 ? choice : undefined
}

export function isTranspose(node: NodeProto | undefined, perm: string): node is NodeProto {
  return isOperator(node, 'Transpose') && intsOf(node, 'perm')?.join() === perm
}
