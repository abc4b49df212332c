// Scaled dot-product attention with several heads as exporters write it:
//   Q = Transpose(Reshape(q, [B, S, heads, d])), K and V likewise
//   Reshape(Transpose(MatMul(Softmax(MatMul(Q, K^T) * scale + mask), V)))
// with q [B, S, heads * d]. Scales may stand on Q, K or the scores. Sizes that the Reshapes take are often read off the values between
// (PyTorch's view(*x.size()[:-1], -1)): what computes them goes with the pattern.
import type { NodeProto } from 'onnx-buf'
import { intsOf, numberOf } from '../attributes.ts'
import { isClosed, isOperator, otherOperand, type PatternGraph, type Size, withConstant } from './pattern-graph.ts'

export interface AttentionPattern {
  readonly softmax: NodeProto
  readonly parts: ReadonlySet<NodeProto>
  /** Values [B, S, heads * d], [B, T, heads * d], [B, T, heads * dv]. */
  readonly query: string
  readonly key: string
  readonly value: string
  readonly heads: number
  readonly scale: number
  readonly batch: Size
  readonly queryLength: Size
  readonly keyLength: Size
  /** Added to the scaled scores; with its shape, padded with ones in front to four dimensions. */
  readonly mask: { readonly name: string; readonly shape: readonly Size[]; readonly rank: number } | undefined
  /** The Reshape whose output [B, S, heads * dv] is the result. */
  readonly last: NodeProto
}

/** The attention around a Softmax, in float32; undefined if it is none, or if others read what is on the way. */
export function findAttention(matching: PatternGraph, softmax: NodeProto): AttentionPattern | undefined {
  if (!isOperator(softmax, 'Softmax') || matching.dtype(softmax.input[0]) !== 'float32') return undefined
  const axis = numberOf(softmax, 'axis', matching.opset >= 13 ? -1 : 1)
  if (matching.shape(softmax.input[0])?.length !== 4 || (axis !== -1 && axis !== 3)) return undefined
  const parts = new Set([softmax])
  const scores = findScores(matching, softmax.input[0]!, parts)
  if (scores === undefined) return undefined
  const query = split(matching, scores.product.input[0]!, false, parts)
  const key = split(matching, scores.product.input[1]!, !scores.transposes, parts)

  const weighted = matching.onlyReader(softmax)
  if (!isOperator(weighted, 'MatMul') || weighted.input[0] !== softmax.output[0]) return undefined
  const value = split(matching, weighted.input[1]!, false, parts)
  const turned = matching.onlyReader(weighted)
  if (!isTranspose(turned, [0, 2, 1, 3])) return undefined
  const joined = turned.output[0]!
  const last = matching.readers(joined).find((one) => isOperator(one, 'Reshape') && one.input[0] === joined)
  if (last === undefined) return undefined
  parts.add(weighted).add(turned).add(last)
  addSizes(matching, parts)
  if (query === undefined || key === undefined || value === undefined || value.scale !== 1) return undefined

  const { batch, length: queryLength, heads } = query
  const agree = [key, value].every((one) => one.batch === batch && one.heads === heads && one.length === key.length)
  const result = matching.shape(last.output[0])
  const merged = result?.length === 3 && result[0] === batch && result[1] === queryLength && result[2] === heads * value.width
  if (!agree || !merged || key.width !== query.width || !isClosed(matching, parts, [last.output[0]!])) return undefined
  const mask = scores.mask === undefined ? undefined : maskOf(matching, scores.mask)
  if (mask !== undefined && !fits(mask.shape, [batch, heads, queryLength, key.length])) return undefined
  if (scores.mask !== undefined && mask === undefined) return undefined
  return {
    softmax,
    parts,
    query: query.source,
    key: key.source,
    value: value.source,
    heads,
    scale: scores.scale * query.scale * key.scale,
    batch,
    queryLength,
    keyLength: key.length,
    mask,
    last,
  }
}

/** What computes sizes for these parts and for nobody else, from the values that they read and make. */
function addSizes(matching: PatternGraph, parts: Set<NodeProto>): void {
  const open = [...parts]
  for (let one = open.pop(); one !== undefined; one = open.pop()) {
    for (const name of one.input) {
      const maker = matching.producer(name)
      if (maker === undefined || parts.has(maker) || matching.dtype(name) !== 'int64') continue
      if (!maker.output.every((made) => !matching.isOutput(made) && matching.readers(made).every((reader) => parts.has(reader))))
        continue
      parts.add(maker)
      open.push(maker)
    }
  }
}

/** The Add of a constant vector that makes `name`, read by nobody but the attention. */
export function biasBefore(matching: PatternGraph, name: string, parts: ReadonlySet<NodeProto>) {
  const found = withConstant(matching, matching.producer(name), 'Add')
  const bias = matching.constant(found?.constant)
  const width = matching.shape(name)?.[2]
  if (found === undefined || bias?.dtype !== 'float32' || bias.shape.length !== 1 || bias.shape[0] !== width) return undefined
  if (matching.shape(found.value)?.length !== 3 || matching.shape(found.value)?.[2] !== width) return undefined
  return !matching.isOutput(name) && matching.readers(name).every((reader) => parts.has(reader)) ? found : undefined
}

interface Scores {
  readonly product: NodeProto
  /** The product takes the key as it is and transposes it itself: FusedMatMul of com.microsoft. */
  readonly transposes: boolean
  readonly scale: number
  readonly mask: string | undefined
}

/** Back from the softmax: at most one sum, then scales, then the product. */
function findScores(matching: PatternGraph, name: string, parts: Set<NodeProto>): Scores | undefined {
  const add = matching.producer(name)
  const sums = isOperator(add, 'Add') ? [0, 1].map((k) => ({ from: add.input[k]!, mask: add.input[1 - k]! })) : []
  for (const { from, mask } of [{ from: name, mask: undefined }, ...sums]) {
    const found = unscaled(matching, from)
    const product = matching.producer(found.name)
    if (!isOperator(product, 'MatMul', 'com.microsoft:FusedMatMul')) continue
    if (['transA', 'transBatchA', 'transBatchB'].some((name) => numberOf(product, name, 0) !== 0)) continue
    for (const part of [...found.parts, product, ...(mask === undefined ? [] : [add!])]) parts.add(part)
    const transposes = numberOf(product, 'transB', 0) === 1
    return { product, transposes, scale: found.scale * numberOf(product, 'alpha', 1), mask }
  }
  return undefined
}

/** The value before products and quotients with one number. */
function unscaled({ producer, scalar }: PatternGraph, name: string) {
  const parts: NodeProto[] = []
  let [at, scale] = [name, 1]
  for (let made = producer(at); isOperator(made, 'Mul', 'Div'); made = producer(at)) {
    const constant = made.input.find((one) => scalar(one) !== undefined)
    const other = constant === undefined ? undefined : otherOperand(made, constant)
    if (other === undefined || (made.opType === 'Div' && made.input[1] !== constant)) break
    const factor = scalar(constant)!
    if (!Number.isFinite(factor) || factor === 0) break
    scale *= made.opType === 'Div' ? 1 / factor : factor
    parts.push(made)
    at = other
  }
  return { name: at, scale, parts }
}

interface SplitHeads {
  /** [batch, length, heads * width]. */
  readonly source: string
  readonly batch: Size
  readonly length: Size
  readonly heads: number
  readonly width: number
  readonly scale: number
}

/** Back over the split into heads: [B, L, heads * d] -> [B, heads, L, d], or [B, heads, d, L] where `transposed`. */
function split(matching: PatternGraph, name: string, transposed: boolean, parts: Set<NodeProto>): SplitHeads | undefined {
  const { producer, shape } = matching
  const outer = unscaled(matching, name)
  let turn = producer(outer.name)
  const found: NodeProto[] = [...outer.parts]
  let scale = outer.scale
  if (transposed && isTranspose(turn, [0, 1, 3, 2])) {
    const between = unscaled(matching, turn.input[0]!)
    found.push(turn, ...between.parts)
    scale *= between.scale
    turn = producer(between.name)
    if (!isTranspose(turn, [0, 2, 1, 3])) return undefined
  } else if (!isTranspose(turn, transposed ? [0, 2, 3, 1] : [0, 2, 1, 3])) return undefined
  const inner = unscaled(matching, turn.input[0]!)
  const reshape = producer(inner.name)
  if (!isOperator(reshape, 'Reshape')) return undefined
  const [before, after] = [shape(reshape.input[0]), shape(reshape.output[0])]
  const [heads, width] = [after?.[2], after?.[3]]
  if (before?.length !== 3 || after?.length !== 4 || typeof heads !== 'number' || typeof width !== 'number') return undefined
  if (before[0] !== after[0] || before[1] !== after[1] || before[2] !== heads * width) return undefined
  for (const part of [...found, turn, ...inner.parts, reshape]) parts.add(part)
  return { source: reshape.input[0]!, batch: before[0]!, length: before[1]!, heads, width, scale: scale * inner.scale }
}

function isTranspose(node: NodeProto | undefined, order: readonly number[]): node is NodeProto {
  if (!isOperator(node, 'Transpose')) return false
  const perm = intsOf(node, 'perm')
  return perm?.length === order.length && perm.every((axis, k) => axis === order[k])
}

function maskOf({ shape, dtype }: PatternGraph, name: string): AttentionPattern['mask'] {
  const own = shape(name)
  if (own === undefined || own.length > 4 || dtype(name) !== 'float32') return undefined
  return { name, shape: [...new Array<Size>(4 - own.length).fill(1), ...own], rank: own.length }
}

/** A number of keys that is not known to be theirs is, or is 1: the product with the values takes no other. */
const fits = (mask: readonly Size[], scores: readonly Size[]) =>
  mask.every((size, axis) => size === 1 || size === scores[axis] || (axis === 3 && typeof size === 'string'))
