// Reductions over axes, and what is made of them: softmax over several axes, logsumexp.
import type { Dimension, DType } from '../types.ts'
import { binary, cast, constantOf, scalar, unary, withNumber } from './broadcast.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'
import { range } from './range.ts'
import { axisOf, unsqueeze } from './shapes.ts'

export type Reduction = 'ReduceSum' | 'ReduceMean' | 'ReduceMax' | 'ReduceMin' | 'ReduceProd' | 'ReduceLogSumExp' | 'ReduceL2'

export interface ReduceParts {
  /** Negative ones count from the end; absent: all. */
  readonly axes?: readonly number[] | undefined
  readonly keepDims?: boolean
}

export function reduce(builder: GraphBuilder, reduction: Reduction, x: Value, parts: ReduceParts = {}): Value {
  const rank = x.shape.length
  const axes = parts.axes?.map((axis) => axisOf(axis, rank)) ?? x.shape.map((_, axis) => axis)
  if (axes.length === 0) return x
  const keep = parts.keepDims ?? false
  const shape = keep
    ? x.shape.map((size, axis): Dimension => (axes.includes(axis) ? 1 : size))
    : x.shape.filter((_, axis) => !axes.includes(axis))
  const keepdims = keep ? 1 : 0
  // Of opset 17 only ReduceSum takes its axes as an input.
  if (reduction === 'ReduceSum') return builder.op(reduction, [x, builder.ints(axes)], { dtype: x.dtype, shape }, { keepdims })
  return builder.op(reduction, [x], { dtype: x.dtype, shape }, { axes, keepdims })
}

/** Mean and variance over axes, which stay, and what is left of `x` without its mean. */
export function meanAndVariance(builder: GraphBuilder, x: Value, axes: readonly number[] | undefined, keepDims = true) {
  const mean = reduce(builder, 'ReduceMean', x, { axes, keepDims: true })
  const centred = binary(builder, 'Sub', x, mean)
  const variance = reduce(builder, 'ReduceMean', binary(builder, 'Mul', centred, centred), { axes, keepDims })
  return { mean, centred, variance }
}

/** x / √(variance + epsilon). */
export function overDeviation(builder: GraphBuilder, x: Value, variance: Value, epsilon: number): Value {
  return binary(builder, 'Div', x, unary(builder, 'Sqrt', withNumber(builder, 'Add', variance, epsilon)))
}

/** The index of the largest or smallest entry (the first of equals), int64. */
export function indexOf(
  builder: GraphBuilder,
  opType: 'ArgMax' | 'ArgMin',
  x: Value,
  { axis, keepDims = false }: { readonly axis: number; readonly keepDims?: boolean },
): Value {
  const at = axisOf(axis, x.shape.length)
  const shape = keepDims ? x.shape.map((size, k) => (k === at ? 1 : size)) : x.shape.filter((_, k) => k !== at)
  return builder.op(opType, [x], { dtype: 'int64', shape }, { axis: at, keepdims: keepDims ? 1 : 0 })
}

/** The largest `k` of an axis in order (the smallest, if told), and if they were: int64. Of equals the first comes first. */
export function topK(
  builder: GraphBuilder,
  x: Value,
  k: number | Value,
  { axis = -1, smallest = false }: { readonly axis?: number; readonly smallest?: boolean } = {},
): readonly [Value, Value] {
  const at = axisOf(axis, x.shape.length)
  const shape = x.shape.map((size, one): Dimension => (one !== at ? size : typeof k === 'number' ? k : null))
  const types = [
    { dtype: x.dtype, shape },
    { dtype: 'int64', shape },
  ] as const
  const count = typeof k === 'number' ? builder.ints([k]) : k
  const [values, places] = builder.ops('TopK', [x, count], types, { axis: at, largest: smallest ? 0 : 1, sorted: 1 })
  return [values!, places!]
}

/** Sum of each entry and those before it; `exclusive`: without itself; `reverse`: those after it. */
export function runningSum(
  builder: GraphBuilder,
  x: Value,
  axis: number,
  { exclusive = false, reverse = false }: { readonly exclusive?: boolean; readonly reverse?: boolean } = {},
): Value {
  const at = scalar(builder, 'int64', axisOf(axis, x.shape.length))
  return builder.op('CumSum', [x, at], x, { exclusive: exclusive ? 1 : 0, reverse: reverse ? 1 : 0 })
}

/** exp(x) in shares of its sum over `axes`. */
export function softmax(builder: GraphBuilder, x: Value, axes: readonly number[] = [-1]): Value {
  if (axes.length === 1) return unary(builder, 'Softmax', x, { axis: axisOf(axes[0]!, x.shape.length) })
  return unary(builder, 'Exp', binary(builder, 'Sub', x, reduce(builder, 'ReduceLogSumExp', x, { axes, keepDims: true })))
}

/** 0, 1, … count - 1, a constant. */
export const indicesBelow = (builder: GraphBuilder, dtype: DType, count: number): Value =>
  builder.constant(constantOf(dtype, [count], range(0, count)))

/** How many of sorted `bounds` each number has reached; `strict`: has passed. */
export function bucketOf(
  builder: GraphBuilder,
  x: Value,
  bounds: Value,
  { strict = false, dtype = 'int32' }: { readonly strict?: boolean; readonly dtype?: 'int32' | 'int64' } = {},
): Value {
  const reached = binary(builder, strict ? 'Greater' : 'GreaterOrEqual', unsqueeze(builder, x, [-1]), bounds)
  return reduce(builder, 'ReduceSum', cast(builder, reached, dtype), { axes: [-1] })
}
