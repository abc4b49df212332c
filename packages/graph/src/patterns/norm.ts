// Layer, instance, group and RMS normalization as exporters write them: y = (x - mean) / sqrt(variance + epsilon) * scale + bias, with means
// over the last axis or over others.
// The forms that ONNX Runtime looks for itself: onnxruntime/core/optimizer/layer_norm_fusion.cc; here also squares by Mul, a
// reciprocal of the root, the root by Pow, the scale before the product (Keras) or the quotient, means of means over one axis each, no scale or
// bias, casts to the type that is there.
import type { NodeProto } from 'onnx-buf'
import { intsOf, numberOf } from '../attributes.ts'
import type { TensorType } from '../types.ts'
import { axisFromFront } from '../view-attributes.ts'
import { isOperator, otherOperand, type PatternGraph, type Size, withConstant } from './pattern-graph.ts'

/** Larger numbers added to a variance are not there to keep it from zero. */
const LARGEST_EPSILON = 0.1

export interface NormPattern {
  /** The mean of squares. */
  readonly anchor: NodeProto
  readonly parts: ReadonlySet<NodeProto>
  readonly x: string
  readonly centred: boolean
  readonly epsilon: number
  /** Axes that the means are taken over, in order; the last one alone is -1. */
  readonly axes: readonly number[]
  /** Constants; undefined: none. */
  readonly scale: string | undefined
  readonly bias: string | undefined
  /** The node whose output is the result. */
  readonly last: NodeProto
}

/** What is normalized: axes as in a NormPattern, and the value's shape if it is known. */
export interface NormalizedValue {
  readonly axes: readonly number[]
  readonly shape: readonly Size[] | undefined
}

/** Which norms are meant. */
export interface NormFilter {
  readonly over: (over: NormalizedValue) => boolean
  /** Whether a constant that multiplies the normalized value, or is added to it, belongs to the norm. */
  readonly takes: (constant: TensorType | undefined, over: NormalizedValue) => boolean
}

const LAYER_NORM: NormFilter = { over: ({ axes }) => axes.length === 1 && axes[0] === -1, takes: () => true }

export const ANY_NORM: NormFilter = { over: () => true, takes: () => true }

/** The normalization in float32 around the Add of `variance + epsilon`, over the last axis if nothing else is meant; whether others read its parts is not checked. */
export function findNorm(matching: PatternGraph, add: NodeProto, meant = LAYER_NORM): NormPattern | undefined {
  const sum = withConstant(matching, add, 'Add')
  const epsilon = matching.scalar(sum?.constant)
  if (sum === undefined || epsilon === undefined || epsilon <= 0 || epsilon > LARGEST_EPSILON) return undefined
  const parts = new Set<NodeProto>()
  const walk = walker(matching, parts)
  const anchor = walk.maker(sum.value)
  const variance = meanBy(matching, anchor)
  if (anchor === undefined || variance === undefined) return undefined
  const { axes, value: squares } = variance
  const over = { axes, shape: matching.shape(squares) }
  if (!meant.over(over)) return undefined
  const square = walk.maker(squares)
  const base = square && squared(matching, square)
  if (square === undefined || base === undefined || matching.constant(sum.constant)?.dtype !== 'float32') return undefined
  for (const one of [add, ...variance.means, square]) parts.add(one)

  const centre = centredBy(matching, walk, { value: base, axes })
  const source = { x: centre?.x ?? base, base, mean: centre?.mean, axes }
  const root = inverseRoot(matching, walk, add)
  const product = root && productOf(matching, walk, root, source)
  if (product === undefined) return undefined
  return {
    anchor,
    parts,
    x: source.x,
    centred: centre !== undefined,
    epsilon,
    axes,
    ...scaleAndBias(matching, walk, product, (constant) => meant.takes(matching.constant(constant), over)),
  }
}

/** Steps along the pattern, past casts to the type that is there already, which become parts of it. */
function walker({ producer, onlyReader, dtype }: PatternGraph, parts: Set<NodeProto>) {
  const isIdle = (node: NodeProto | undefined) => {
    const type = isOperator(node, 'Cast') ? dtype(node.input[0]) : undefined
    return type !== undefined && type === dtype(node!.output[0])
  }
  return {
    parts,
    maker(name: string): NodeProto | undefined {
      let made = producer(name)
      while (made !== undefined && isIdle(made)) {
        parts.add(made)
        made = producer(made.input[0])
      }
      return made
    },
    /** The value behind idle casts. */
    source(name: string): string {
      let at = name
      for (let made = producer(at); made !== undefined && isIdle(made); made = producer(at)) {
        parts.add(made)
        at = made.input[0]!
      }
      return at
    },
    next(node: NodeProto): { readonly node: NodeProto; readonly value: string } | undefined {
      let from = node
      let reader = onlyReader(from)
      while (reader !== undefined && isIdle(reader)) {
        parts.add(reader)
        from = reader
        reader = onlyReader(from)
      }
      return reader === undefined ? undefined : { node: reader, value: from.output[0]! }
    },
  }
}
type Walk = ReturnType<typeof walker>

interface Source {
  readonly x: string
  /** What is squared: x, or x less its mean. */
  readonly base: string
  readonly mean: string | undefined
  readonly axes: readonly number[]
}

interface Mean {
  /** What the mean is taken of. */
  readonly value: string
  readonly axes: readonly number[]
  readonly means: readonly NodeProto[]
}

/** A mean of means over other axes is one over all of them, since each is of as many numbers. Goes back to `of`, where it comes upon that. */
function meanBy(matching: PatternGraph, last: NodeProto | undefined, of?: string): Mean | undefined {
  const axes = meanAxes(matching, last)
  if (last === undefined || axes === undefined) return undefined
  const value = last.input[0]!
  const before = value === of ? undefined : meanBy(matching, matching.producer(value), of)
  if (before === undefined) return { value, axes, means: [last] }
  const rank = matching.shape(before.value)?.length
  if (rank === undefined) return undefined
  const all = [...before.axes, ...axes].map((axis) => axisFromFront(axis, rank)).sort((a, b) => a - b)
  if (new Set(all).size < all.length) return undefined
  return { value: before.value, axes: all, means: [last, ...before.means] }
}

/** undefined of what is no mean, where the axes are not known, and of all axes. */
function meanAxes({ numbers, shape }: PatternGraph, mean: NodeProto | undefined): readonly number[] | undefined {
  if (!isOperator(mean, 'ReduceMean') || numberOf(mean, 'keepdims', 1) !== 1) return undefined
  const axes = intsOf(mean, 'axes') ?? numbers(mean.input[1])
  if (axes === undefined || axes.length === 0) return undefined
  const rank = shape(mean.input[0])?.length
  if (axes.length === 1 && (axes[0] === -1 || axes[0] === (rank ?? 0) - 1)) return [-1]
  if (rank === undefined && axes.some((axis) => axis < 0)) return undefined
  return axes.map((axis) => axisFromFront(axis, rank!)).sort((a, b) => a - b)
}

function squared({ scalar }: PatternGraph, square: NodeProto): string | undefined {
  if (isOperator(square, 'Mul') && square.input[0] === square.input[1]) return square.input[0]
  return isOperator(square, 'Pow') && scalar(square.input[1]) === 2 ? square.input[0] : undefined
}

/** `value` as x less its mean. */
function centredBy(
  matching: PatternGraph,
  walk: Walk,
  { value, axes }: { readonly value: string; readonly axes: readonly number[] },
) {
  const sub = matching.producer(walk.source(value))
  if (!isOperator(sub, 'Sub')) return undefined
  const mean = meanBy(matching, matching.producer(sub.input[1]), sub.input[0])
  if (mean?.axes.join() !== axes.join() || mean.value !== sub.input[0]) return undefined
  for (const one of [sub, ...mean.means]) walk.parts.add(one)
  return { x: sub.input[0]!, mean: sub.input[1]! }
}

/** The value that is squared, or the same difference made a second time. */
function isBase(matching: PatternGraph, walk: Walk, value: string, { x, base, mean, axes }: Source): boolean {
  if (walk.source(value) === walk.source(base)) return true
  return mean !== undefined && centredBy(matching, walk, { value, axes })?.x === x
}

type Root =
  | { readonly kind: 'divided'; readonly node: NodeProto; readonly numerator: string }
  | { readonly kind: 'inverse'; readonly node: NodeProto }

/** What follows `variance + epsilon`: division by the root, or one over the root. */
function inverseRoot({ scalar }: PatternGraph, { parts, next }: Walk, add: NodeProto): Root | undefined {
  const root = next(add)?.node
  if (!isOperator(root, 'Sqrt', 'Pow')) return undefined
  const exponent = root.opType === 'Sqrt' ? 0.5 : scalar(root.input[1])
  if (exponent === -0.5) {
    parts.add(root)
    return { kind: 'inverse', node: root }
  }
  const after = next(root)
  if (exponent !== 0.5 || after === undefined) return undefined
  parts.add(root).add(after.node)
  if (isOperator(after.node, 'Reciprocal')) return { kind: 'inverse', node: after.node }
  if (!isOperator(after.node, 'Div') || after.node.input[1] !== after.value) return undefined
  const numerator = after.node.input[0]!
  return scalar(numerator) === 1 ? { kind: 'inverse', node: after.node } : { kind: 'divided', node: after.node, numerator }
}

interface Product {
  readonly node: NodeProto
  readonly scale?: string
  readonly bias?: string
}

/** The normalized value: the quotient with the root, scaled before it or not, or the product with one over it. */
function productOf(matching: PatternGraph, walk: Walk, root: Root, source: Source): Product | undefined {
  if (root.kind === 'inverse') return multiplied(matching, walk, root.node, source)
  if (isBase(matching, walk, root.numerator, source)) return { node: root.node }
  const scaled = walk.maker(root.numerator)
  const mul = withConstant(matching, scaled, 'Mul')
  if (scaled === undefined || mul === undefined || !isBase(matching, walk, mul.value, source)) return undefined
  walk.parts.add(scaled)
  return { node: root.node, scale: mul.constant }
}

/** The product with one over the root, scaled before it or not. */
function multiplied(matching: PatternGraph, walk: Walk, inverse: NodeProto, source: Source): Product | undefined {
  const first = walk.next(inverse)
  if (first === undefined || !isOperator(first.node, 'Mul')) return undefined
  walk.parts.add(first.node)
  const other = otherOperand(first.node, first.value)
  if (other === undefined) return undefined
  if (matching.constant(other) === undefined) return isBase(matching, walk, other, source) ? { node: first.node } : undefined
  const after = walk.next(first.node)
  if (after === undefined) return keras(matching, walk, { scaled: first.node, scale: other }, source)
  const operand = isOperator(after.node, 'Mul') ? otherOperand(after.node, after.value) : undefined
  if (operand === undefined || !isBase(matching, walk, operand, source)) return undefined
  walk.parts.add(after.node)
  return { node: after.node, scale: other }
}

interface Scaled {
  readonly scaled: NodeProto
  readonly scale: string
}

/** Keras: g = scale / root; x * g + (bias - mean * g), or x * g - mean * g. */
function keras({ readers, constant }: PatternGraph, { parts, next }: Walk, { scaled, scale }: Scaled, { x, mean }: Source) {
  const g = scaled.output[0]!
  const products = readers(g)
  const ofX = products.find((one) => isOperator(one, 'Mul') && otherOperand(one, g) === x)
  const ofMean = products.find((one) => isOperator(one, 'Mul') && otherOperand(one, g) === mean)
  if (products.length !== 2 || mean === undefined || ofX === undefined || ofMean === undefined) return undefined
  const [end, shift] = [next(ofX), next(ofMean)]
  if (end === undefined || shift === undefined || !isOperator(shift.node, 'Sub') || shift.node.input[1] !== shift.value)
    return undefined
  parts.add(ofX).add(ofMean).add(shift.node).add(end.node)
  if (shift.node === end.node) return shift.node.input[0] === end.value ? { node: end.node, scale } : undefined
  const bias = shift.node.input[0]!
  if (constant(bias) === undefined || !isOperator(end.node, 'Add')) return undefined
  return otherOperand(end.node, end.value) === shift.node.output[0] ? { node: end.node, scale, bias } : undefined
}

/** Products and sums with constants that follow, as far as they belong to it. */
function scaleAndBias(
  matching: PatternGraph,
  { parts, next }: Walk,
  product: Product,
  takes: (constant: string) => boolean,
): Pick<NormPattern, 'scale' | 'bias' | 'last'> {
  let { node: last, scale, bias } = product
  if (scale === undefined) {
    const mul = withConstant(matching, next(last)?.node, 'Mul')
    if (mul !== undefined && takes(mul.constant)) [last, scale] = [mul.node, mul.constant]
  }
  if (bias === undefined) {
    const add = withConstant(matching, next(last)?.node, 'Add')
    if (add !== undefined && takes(add.constant)) [last, bias] = [add.node, add.constant]
  }
  for (let at = product.node; at !== last; at = next(at)!.node) parts.add(next(at)!.node)
  return { scale, bias, last }
}
