// Statistics in a functional graph: medians and quantiles, reductions that leave NaN out, counts. keras/src/ops/numpy.py and what
// keras/src/backend/tensorflow/numpy.py makes of it.

import { binary, cast, clip, constantOf, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { bucketOf, type ReduceParts, type Reduction, reduce, topK } from '@whyslow/graph/builder/reduce.ts'
import { gather, reshape, slice, takeEntry, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import { isNan } from '../../tensorflow/functions.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { matmul, swapLastAxes } from '../../tensorflow/products.ts'
import { constantIn, dtypeIn, isTensor } from '../arguments.ts'
import {
  asTensor,
  axesIn,
  axisIn,
  flagIn,
  float,
  knownSize,
  numberIn,
  type Operation,
  positionOf,
  tensor,
  type WriteOperation,
} from './operation.ts'

export const statistics: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Median', (op) => quantile(op, 0.5, 'linear')],
  // Keras 3.15 keeps the method of this one, and always interpolates.
  ['Quantile', (op) => quantile(op, fractionsOf(op, 1), methodOf(op) && 'linear')],
  ['Percentile', (op) => quantile(op, fractionsOf(op, 100), methodOf(op))],
  ['Nanmedian', (op) => quantileOfNumbers(op, 0.5, 'linear')],
  ['Nanquantile', (op) => quantileOfNumbers(op, fractionsOf(op, 1), methodOf(op))],
  ['Nanpercentile', (op) => quantileOfNumbers(op, fractionsOf(op, 100), methodOf(op))],
  ['Nansum', (op) => reduced(op, 'ReduceSum', withoutNan(op, 0))],
  ['Nanprod', (op) => reduced(op, 'ReduceProd', withoutNan(op, 1))],
  ['Nanmax', (op) => extreme(op, 'ReduceMax', Number.NEGATIVE_INFINITY)],
  ['Nanmin', (op) => extreme(op, 'ReduceMin', Number.POSITIVE_INFINITY)],
  ['Nanargmax', (op) => position(op, 'ArgMax', Number.NEGATIVE_INFINITY)],
  ['Nanargmin', (op) => position(op, 'ArgMin', Number.POSITIVE_INFINITY)],
  ['Nanmean', (op) => binary(op.builder, 'Div', reduced(op, 'ReduceSum', withoutNan(op, 0)), countOfNumbers(op, partsOf(op)))],
  ['Nanvar', (op) => variance(op)],
  ['Nanstd', (op) => unary(op.builder, 'Sqrt', variance(op))],
  ['Ptp', (op) => binary(op.builder, 'Sub', reduced(op, 'ReduceMax', tensor(op, 0)), reduced(op, 'ReduceMin', tensor(op, 0)))],
  [
    'CountNonzero',
    (op) => {
      const made = reduced(op, 'ReduceSum', cast(op.builder, cast(op.builder, tensor(op, 0), 'bool'), 'int32'))
      return cast(op.builder, made, dtypeIn(op.settings.dtype) ?? 'int32')
    },
  ],
  ['Digitize', (op) => bucket(op, { values: tensor(op, 0), bounds: asTensor(op, op.args[1] ?? op.settings.bins, 'float32') })],
  ['SearchSorted', (op) => bucket(op, { values: asTensor(op, op.args[1]), bounds: tensor(op, 0) }, op.settings.side !== 'right')],
  ['Corrcoef', correlation],
  ['Trapezoid', trapezoid],
])

const partsOf = (op: Operation): ReduceParts => ({
  axes: axesIn(op, tensor(op, 0).shape.length),
  keepDims: flagIn(op, 'keepdims'),
})

const reduced = (op: Operation, reduction: Reduction, x: Value): Value => reduce(op.builder, reduction, x, partsOf(op))

/** The first argument with `value` in place of NaN. */
function withoutNan(op: Operation, value: number): Value {
  const x = tensor(op, 0)
  if (!isFloat(x.dtype)) return x
  return where(op.builder, isNan(op.builder, x), scalar(op.builder, x.dtype, value), x)
}

function countOfNumbers(op: Operation, parts: ReduceParts): Value {
  const x = float(op, 0)
  return reduce(op.builder, 'ReduceSum', cast(op.builder, unary(op.builder, 'Not', isNan(op.builder, x)), x.dtype), parts)
}

/** Whether a reduction finds nothing but NaN. */
const hasNone = (op: Operation): Value => withNumber(op.builder, 'Equal', countOfNumbers(op, partsOf(op)), 0)

function extreme(op: Operation, reduction: Reduction, filling: number): Value {
  const made = reduced(op, reduction, withoutNan(op, filling))
  return isFloat(made.dtype) ? where(op.builder, hasNone(op), scalar(op.builder, made.dtype, Number.NaN), made) : made
}

function position(op: Operation, opType: 'ArgMax' | 'ArgMin', filling: number): Value {
  const x = withoutNan(op, filling)
  const found = cast(op.builder, positionOf(op, opType, x), 'int32')
  return isFloat(x.dtype) ? where(op.builder, hasNone(op), scalar(op.builder, 'int32', -1), found) : found
}

function variance(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  const { axes } = partsOf(op)
  const sum = reduce(builder, 'ReduceSum', withoutNan(op, 0), { axes, keepDims: true })
  const mean = binary(builder, 'Div', cast(builder, sum, x.dtype), countOfNumbers(op, { axes, keepDims: true }))
  const distance = where(builder, isNan(op.builder, x), scalar(builder, x.dtype, 0), binary(builder, 'Sub', x, mean))
  return binary(
    builder,
    'Div',
    reduced(op, 'ReduceSum', binary(builder, 'Mul', distance, distance)),
    countOfNumbers(op, partsOf(op)),
  )
}

type Method = 'linear' | 'lower' | 'higher' | 'nearest' | 'midpoint'
const METHODS: readonly string[] = ['linear', 'lower', 'higher', 'nearest', 'midpoint']

function methodOf(op: Operation): Method {
  const method = op.settings.method ?? 'linear'
  if (!METHODS.includes(String(method))) throw op.refuse(`interpolates by ${JSON.stringify(method)}, which is not known`)
  return method as Method
}

/** The quantiles that are asked for, from 0 to 1: a number, or a list of them. */
function fractionsOf(op: Operation, whole: number): number | readonly number[] {
  const given = op.args[1] ?? op.settings.q
  const constant = isTensor(given) ? given.constant : constantIn(given, 'float32')
  if (constant === undefined || constant.shape.length > 1) throw op.refuse('takes quantiles that the model computes')
  // Keras computes them in float32.
  const values = Array.from(constant.data as ArrayLike<number>, (one) => Math.fround(Number(one)) / whole)
  return constant.shape.length === 0 ? values[0]! : values
}

/** The axes of a reduction joined to one, the last, and how many entries it has. */
function rowsOf(op: Operation): { readonly rows: Value; readonly size: number; readonly kept: readonly number[] } {
  const x = float(op, 0)
  const axes = partsOf(op).axes ?? x.shape.map((_, axis) => axis)
  const kept = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
  const size = axes.reduce((product, axis) => product * knownSize(op, x, axis), 1)
  const turned = transpose(op.builder, x, [...kept, ...axes])
  return { rows: reshape(op.builder, turned, [...kept.map((axis) => x.shape[axis]!), size]), size, kept }
}

/** `made` over the last axis of rows: one entry for each quantile, in the shape that Keras gives. */
function inShape(op: Operation, made: Value, fractions: number | readonly number[]): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const axes = partsOf(op).axes ?? x.shape.map((_, axis) => axis)
  const last = made.shape.length - 1
  const moved = Array.isArray(fractions)
    ? transpose(builder, made, [last, ...made.shape.slice(1).map((_, axis) => axis)])
    : takeEntry(builder, made, { axis: last, index: 0 })
  if (!flagIn(op, 'keepdims')) return moved
  const before = Array.isArray(fractions) ? 1 : 0
  return unsqueeze(
    builder,
    moved,
    axes.map((axis) => axis + before),
  )
}

const listOf = (fractions: number | readonly number[]): readonly number[] =>
  typeof fractions === 'number' ? [fractions] : fractions

/** Entries around a place between two. */
interface Neighbours {
  readonly lower: () => Value
  readonly higher: () => Value
  readonly nearest: () => Value
  /** How much of the way from the lower to the higher one the place is. */
  readonly share: () => Value
}

function between({ builder }: Operation, method: Method, { lower, higher, nearest, share }: Neighbours): Value {
  if (method === 'lower') return lower()
  if (method === 'higher') return higher()
  if (method === 'nearest') return nearest()
  const low = lower()
  const weight = method === 'midpoint' ? scalar(builder, low.dtype, 0.5) : share()
  const rest = binary(builder, 'Sub', scalar(builder, low.dtype, 1), weight)
  return binary(builder, 'Add', binary(builder, 'Mul', low, rest), binary(builder, 'Mul', higher(), weight))
}

function quantile(op: Operation, fractions: number | readonly number[], method: Method): Value {
  const { builder } = op
  const { rows, size } = rowsOf(op)
  const [sorted] = topK(builder, rows, size, { axis: -1, smallest: true })
  const places = listOf(fractions).map((fraction) => (size - 1) * fraction)
  const at = (indices: readonly number[]) =>
    gather(builder, sorted, builder.ints(indices.map((index) => Math.min(Math.max(index, 0), size - 1))), -1)
  const lower = places.map(Math.floor)
  const share = places.map((place, k) => place - lower[k]!)
  const made = between(op, method, {
    lower: () => at(lower),
    higher: () => at(places.map(Math.ceil)),
    nearest: () => at(places.map(halfToEven)),
    share: () => builder.constant(constantOf(rows.dtype, [share.length], share)),
  })
  const spoilt = reduce(builder, 'ReduceMax', cast(builder, isNan(op.builder, rows), 'int32'), { axes: [-1], keepDims: true })
  return inShape(op, where(builder, cast(builder, spoilt, 'bool'), scalar(builder, rows.dtype, Number.NaN), made), fractions)
}

function halfToEven(value: number): number {
  const below = Math.floor(value)
  const rest = value - below
  return rest === 0.5 ? below + (below % 2) : Math.round(value)
}

/** Each row has as many entries as it has numbers: NaN is sorted behind all. */
function quantileOfNumbers(op: Operation, fractions: number | readonly number[], method: Method): Value {
  const { builder } = op
  const { rows, size } = rowsOf(op)
  const { dtype } = rows
  const missing = isNan(op.builder, rows)
  const filled = where(builder, missing, scalar(builder, dtype, Number.POSITIVE_INFINITY), rows)
  const [sorted] = topK(builder, filled, size, { axis: -1, smallest: true })
  const numbers = cast(builder, unary(builder, 'Not', missing), dtype)
  const count = reduce(builder, 'ReduceSum', numbers, { axes: [-1], keepDims: true })
  const list = listOf(fractions)
  const fraction = builder.constant(constantOf(dtype, [list.length], list))
  const place = binary(builder, 'Mul', withNumber(builder, 'Sub', count, 1), fraction)
  const at = (places: Value): Value => {
    const index = cast(builder, clip(builder, places, 0, size - 1), 'int64')
    return builder.op('GatherElements', [sorted, index], { dtype, shape: index.shape }, { axis: index.shape.length - 1 })
  }
  const lower = unary(builder, 'Floor', place)
  const made = between(op, method, {
    lower: () => at(lower),
    higher: () => at(unary(builder, 'Ceil', place)),
    nearest: () => at(unary(builder, 'Round', place)),
    share: () => binary(builder, 'Sub', place, lower),
  })
  const none = withNumber(builder, 'Equal', count, 0)
  return inShape(op, where(builder, none, scalar(builder, dtype, Number.NaN), made), fractions)
}

/** How many bounds of a sorted list are below each value, or, `strict`, how many are smaller than it: int32. */
function bucket(op: Operation, { values, bounds }: { values: Value; bounds: Value }, strict = false): Value {
  const { builder } = op
  const [x, limits] = [values, bounds].map((one) => cast(builder, one, 'float32')) as [Value, Value]
  return bucketOf(builder, x, limits, { strict })
}

function correlation(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  if (x.shape.length !== 2) throw op.refuse(`correlates ${x.shape.length} axes, which is not written here`)
  const centred = binary(builder, 'Sub', x, reduce(builder, 'ReduceMean', x, { axes: [-1], keepDims: true }))
  const product = matmul(builder, centred, swapLastAxes(builder, centred))
  const length = unary(
    builder,
    'Sqrt',
    reduce(builder, 'ReduceSum', binary(builder, 'Mul', centred, centred), { axes: [-1], keepDims: true }),
  )
  const norms = binary(builder, 'Mul', length, swapLastAxes(builder, length))
  return clip(builder, binary(builder, 'Div', product, norms), -1, 1)
}

/** The area below the values. */
function trapezoid(op: Operation): Value {
  const { builder } = op
  const y = float(op, 0)
  const axis = axisIn(op, y.shape.length, { fallback: -1 })
  const [later, before] = [{ start: 1 }, { end: -1 }].map((part) => slice(builder, y, [{ axis, ...part }])) as [Value, Value]
  const told = op.args[1] ?? op.settings.x ?? null
  if (told !== null) throw op.refuse('has distances of its own between the values, which is not written here')
  const height = withNumber(builder, 'Mul', binary(builder, 'Add', later, before), 0.5)
  return reduce(builder, 'ReduceSum', withNumber(builder, 'Mul', height, numberIn(op, 'dx', 1)), { axes: [axis] })
}
