// Shapes of values: reshape, slices, axes that come and go, concatenation. Sizes that are not known when the graph is written stay
// so: where ONNX needs them as numbers, they are asked for while the model runs.

import { dataTypeOf, elementCount } from '../dtype.ts'
import type { Dimension } from '../types.ts'
import { axisFromFront } from '../view-attributes.ts'
import { numbersOf, reshapeConstant } from './constant-data.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'

/** `axis` counted from the front; negative ones count from the end. Throws a RangeError if there is no such axis. */
export function axisOf(axis: number, rank: number): number {
  const counted = axisFromFront(axis, rank)
  if (!Number.isInteger(axis) || counted < 0 || counted >= rank) throw new RangeError(`there is no axis ${axis} of ${rank}`)
  return counted
}

/**
 * The same elements under another shape. A size that is not a number is taken from `x` where it stands on the same axis there, or is
 * what remains where it is the only one; others are asked of the value of the same symbol in `x`. Throws a RangeError if none is.
 */
export function reshape(builder: GraphBuilder, x: Value, shape: readonly Dimension[]): Value {
  if (shape.length === x.shape.length && shape.every((size, axis) => size !== null && size === x.shape[axis])) return x
  if (x.constant !== undefined && shape.every((size) => typeof size === 'number'))
    return builder.constant(reshapeConstant(x.constant, shape as number[]))
  const free = shape.filter((size) => typeof size !== 'number').length
  const sizes = shape.map((size, axis) => {
    if (typeof size === 'number') return size
    if (free === 1) return -1
    return size !== null && size === x.shape[axis] ? 0 : undefined
  })
  const open = sizes.filter((size) => size === undefined).length
  if (open > 1) return reshapeAsRun(builder, x, shape)
  const known = sizes.map((size) => size ?? -1)
  // 0 means "as in x" to ONNX, unless it is told otherwise.
  const empty = shape.some((size) => size === 0)
  if (empty && known.some((size, axis) => size === 0 && shape[axis] !== 0)) return reshapeAsRun(builder, x, shape)
  return builder.op('Reshape', [x, builder.ints(known)], { dtype: x.dtype, shape }, empty ? { allowzero: 1 } : {})
}

function reshapeAsRun(builder: GraphBuilder, x: Value, shape: readonly Dimension[]): Value {
  const sizes = shape.map((size) => {
    if (typeof size === 'number') return builder.ints([size])
    const axis = size === null ? -1 : x.shape.indexOf(size)
    if (axis < 0) throw new RangeError(`size ${size ?? 'unknown'} is none of the value's`)
    return sizeAsRun(builder, x, axis)
  })
  return builder.op('Reshape', [x, concat(builder, sizes, 0)], { dtype: x.dtype, shape }, { allowzero: 1 })
}

/** The same elements under a shape that is known when the model runs (`sizes`: int64 list); `shape` is what is known of it before. */
export function reshapeTo(builder: GraphBuilder, x: Value, sizes: Value, shape: readonly Dimension[]): Value {
  return builder.op('Reshape', [x, sizes], { dtype: x.dtype, shape })
}

/**
 * The sizes of a reshape: what is left open (null, or negative) is what remains of `from`, a number or a symbol; null if that does not
 * follow. Undefined if `from` has another number of elements.
 */
export function withRemainder(from: readonly Dimension[], target: readonly Dimension[]): Dimension[] | undefined {
  const isOpen = (size: Dimension) => size === null || (typeof size === 'number' && size < 0)
  const rest = [...from]
  let isTold = target.filter(isOpen).length <= 1
  for (const size of target) {
    if (typeof size !== 'string') continue
    const at = rest.indexOf(size)
    if (at < 0) isTold = false
    else rest.splice(at, 1)
  }
  const count = (sizes: readonly Dimension[]) =>
    elementCount(sizes.filter((size) => typeof size === 'number' && size >= 0) as number[])
  const symbols = rest.filter((size) => typeof size !== 'number')
  const ratio = count(rest) / count(target)
  const remains = symbols.length === 0 ? ratio : symbols.length === 1 && ratio === 1 ? symbols[0]! : null
  const made = target.map((size) => (isOpen(size) ? (isTold && Number.isFinite(ratio) ? remains : null) : size))
  const [before, after] = [countOf(from), countOf(made)]
  const fits = before === null || after === null || before === after
  return fits && made.every((size) => typeof size !== 'number' || Number.isInteger(size)) ? made : undefined
}

/** How many elements a value of the shape has; null if a size is not known. */
export const countOf = (shape: readonly Dimension[]): number | null =>
  shape.every((size) => typeof size === 'number') ? elementCount(shape) : null

/** All elements in one axis. */
export const flat = (builder: GraphBuilder, x: Value): Value => reshape(builder, x, [countOf(x.shape)])

/** The size of an axis as an int64 list of one: a constant if it is known, else asked while the model runs. */
export function sizeAsRun(builder: GraphBuilder, x: Value, axis: number): Value {
  const size = x.shape[axis]
  if (typeof size === 'number') return builder.ints([size])
  return builder.op('Shape', [x], { dtype: 'int64', shape: [1] }, { start: axis, end: axis + 1 })
}

/** Sizes of axes as an int64 list, unknown ones asked while the model runs. */
export function shapeAsRun(builder: GraphBuilder, shape: readonly { readonly of: Value; readonly axis: number }[]): Value {
  return concat(
    builder,
    shape.map(({ of, axis }) => sizeAsRun(builder, of, axis)),
    0,
  )
}

/** Sizes of all axes of `x`, which has some. */
export function sizesAsRun(builder: GraphBuilder, x: Value): Value {
  return shapeAsRun(
    builder,
    x.shape.map((_, axis) => ({ of: x, axis })),
  )
}

/** `filler`, of rank 0, in the shape of `x`. */
export function fullLike(builder: GraphBuilder, x: Value, filler: Value): Value {
  if (x.shape.length === 0) return filler
  return expand(builder, filler, sizesAsRun(builder, x), x.shape)
}

/** New axes of size 1 at `axes`, counted in the result. */
export function unsqueeze(builder: GraphBuilder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x
  const rank = x.shape.length + axes.length
  const at = new Set(axes.map((axis) => axisOf(axis, rank)))
  const rest = [...x.shape]
  const shape = Array.from({ length: rank }, (_, axis): Dimension => (at.has(axis) ? 1 : rest.shift()!))
  if (x.constant !== undefined) return builder.constant(reshapeConstant(x.constant, shape as number[]))
  const sorted = [...at].sort((a, b) => a - b)
  return builder.op('Unsqueeze', [x, builder.ints(sorted)], { dtype: x.dtype, shape })
}

/** Removes `axes`, which have size 1. */
export function squeeze(builder: GraphBuilder, x: Value, axes: readonly number[]): Value {
  if (axes.length === 0) return x
  const gone = new Set(axes.map((axis) => axisOf(axis, x.shape.length)))
  const shape = x.shape.filter((_, axis) => !gone.has(axis))
  if (x.constant !== undefined) return builder.constant(reshapeConstant(x.constant, shape as number[]))
  const sorted = [...gone].sort((a, b) => a - b)
  return builder.op('Squeeze', [x, builder.ints(sorted)], { dtype: x.dtype, shape })
}

/** Values one after the other on `axis`. */
export function concat(builder: GraphBuilder, values: readonly Value[], axis: number): Value {
  const [first] = values
  if (values.length === 1) return first!
  const at = axisOf(axis, first!.shape.length)
  const sizes = values.map(({ shape }) => shape[at]!)
  const total = sizes.every((size) => typeof size === 'number') ? sizes.reduce((sum, size) => sum + size, 0) : null
  const shape = first!.shape.map((_, k): Dimension => {
    if (k === at) return total
    // A number that any of them knows is the size of all.
    return values.map((value) => value.shape[k]!).find((size) => typeof size === 'number') ?? first!.shape[k]!
  })
  return builder.op('Concat', values, { dtype: first!.dtype, shape }, { axis: at })
}

/** One axis of a slice: from `start` (counted from the end where negative) to before `end`, `step` at a time. */
export interface AxisSlice {
  readonly axis: number
  /** Absent: from the first (the last, with a negative step). */
  readonly start?: number | undefined
  /** Absent: to the last (the first, with a negative step). */
  readonly end?: number | undefined
  readonly step?: number | undefined
}

const END = 2 ** 53 - 1

/** Python's slices: bounds beyond the axis are the axis' own. */
export function slice(builder: GraphBuilder, x: Value, slices: readonly AxisSlice[]): Value {
  const full = slices.map(({ axis, start, end, step = 1 }) => ({
    axis: axisOf(axis, x.shape.length),
    start: start ?? (step > 0 ? 0 : END),
    end: end ?? (step > 0 ? END : -END),
    step,
  }))
  const real = full.filter(({ start, end, step }) => !(start === 0 && end === END && step === 1))
  if (real.length === 0) return x
  const shape = [...x.shape]
  for (const one of real) shape[one.axis] = slicedSize(shape[one.axis]!, one)
  const list = (key: 'axis' | 'start' | 'end' | 'step') => builder.ints(real.map((one) => one[key]))
  return builder.op('Slice', [x, list('start'), list('end'), list('axis'), list('step')], { dtype: x.dtype, shape })
}

/** Elements that a slice takes of `size`; null if that cannot be told. */
export function slicedSize(size: Dimension, { start, end, step }: { start: number; end: number; step: number }): Dimension {
  if (typeof size !== 'number') {
    // From either end a fixed count of cells is only sure where the axis is long enough, which nobody said.
    return (start === 0 && end === END && step === 1) || (start === END && end === -END && step === -1) ? size : null
  }
  const at = (bound: number, low: number, high: number) => Math.min(Math.max(bound < 0 ? bound + size : bound, low), high)
  const count =
    step > 0 ? (at(end, 0, size) - at(start, 0, size)) / step : (at(end, -1, size - 1) - at(start, -1, size - 1)) / step
  return Math.max(Math.ceil(count), 0)
}

/** `x` without the cells before and after each axis from `first` on, a pair an axis. */
export function crop(builder: GraphBuilder, x: Value, first: number, pairs: readonly (readonly [number, number])[]): Value {
  const parts = pairs.map(([before, after], k) => ({ axis: first + k, start: before, end: after === 0 ? undefined : -after }))
  return slice(builder, x, parts)
}

/** As many entries of each axis as `sizes` tell (-1: all that follow) from `starts` on. */
export function sliceFrom(builder: GraphBuilder, x: Value, starts: readonly number[], sizes: readonly number[]): Value {
  const ends = starts.map((start, axis) => (sizes[axis] === -1 ? undefined : start + sizes[axis]!))
  return slice(
    builder,
    x,
    starts.map((start, axis) => ({ axis, start, end: ends[axis] })),
  )
}

/** The same from starts, and perhaps of sizes, that the model computes (int64 lists); `shape` is what is known of the result. */
export function sliceFromAsRun(
  builder: GraphBuilder,
  x: Value,
  { starts, sizes, shape }: { readonly starts: Value; readonly sizes: Value; readonly shape: readonly Dimension[] },
): Value {
  const sum = builder.op('Add', [starts, sizes], starts)
  const known = sizes.constant && numbersOf(sizes.constant)
  const number = (value: number) => builder.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(value)) })
  const isOpen = () => builder.op('Less', [sizes, number(0)], { dtype: 'bool', shape: sizes.shape })
  const ends = known?.every((size) => size >= 0) ? sum : builder.op('Where', [isOpen(), number(END), sum], sum)
  const told = shape.map((size) => (typeof size === 'number' && size < 0 ? null : size))
  return builder.op('Slice', [x, starts, ends], { dtype: x.dtype, shape: told })
}

/** The entries of `axis` in the opposite order. */
export function reverse(builder: GraphBuilder, x: Value, axis: number): Value {
  return slice(builder, x, [{ axis, step: -1 }])
}

/** The entry `index` of an axis, which goes. */
export function takeEntry(
  builder: GraphBuilder,
  x: Value,
  { axis, index }: { readonly axis: number; readonly index: number },
): Value {
  const at = axisOf(axis, x.shape.length)
  const shape = x.shape.filter((_, k) => k !== at)
  const one = builder.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(index)) }, 'index')
  return builder.op('Gather', [x, one], { dtype: x.dtype, shape }, { axis: at })
}

/** Entries of `axis` by `indices` (int32 or int64), whose shape stands in the axis' place. */
export function gather(builder: GraphBuilder, x: Value, indices: Value, axis = 0): Value {
  const at = axisOf(axis, x.shape.length)
  const shape = [...x.shape.slice(0, at), ...indices.shape, ...x.shape.slice(at + 1)]
  return builder.op('Gather', [x, indices], { dtype: x.dtype, shape }, { axis: at })
}

/** Parts of `axis` with these sizes. */
export function split(builder: GraphBuilder, x: Value, sizes: readonly number[], axis: number): Value[] {
  const at = axisOf(axis, x.shape.length)
  if (sizes.length === 1) return [x]
  const types = sizes.map((size) => ({ dtype: x.dtype, shape: x.shape.map((whole, k) => (k === at ? size : whole)) }))
  return builder.ops('Split', [x, builder.ints(sizes)], types, { axis: at })
}

/** Sizes of parts of an axis, of which one may be left open (negative): what remains. Undefined if they are not known, or do not add up. */
export function partSizes(size: Dimension, given: readonly number[]): number[] | undefined {
  const sum = given.reduce((all, one) => all + Math.max(one, 0), 0)
  const open = given.filter((one) => one < 0).length
  if (open > 1 || (typeof size === 'number' ? (open === 0 ? sum !== size : sum > size) : open > 0)) return undefined
  return given.map((one) => (one < 0 ? Number(size) - sum : one))
}

/** Sizes of as many equal parts. Undefined if there are none, or their size is not known. */
export const equalSizes = (size: Dimension, count: number): number[] | undefined =>
  typeof size === 'number' && count >= 1 && size % count === 0 ? new Array<number>(count).fill(size / count) : undefined

/** Each axis `repeats` times over, one number an axis. */
export function tile(builder: GraphBuilder, x: Value, repeats: readonly number[]): Value {
  if (repeats.every((times) => times === 1)) return x
  const shape = x.shape.map((size, axis): Dimension => {
    if (repeats[axis] === 1) return size
    return typeof size === 'number' ? size * repeats[axis]! : null
  })
  return builder.op('Tile', [x, builder.ints(repeats)], { dtype: x.dtype, shape })
}

/** `x` broadcast to `sizes` (int64 list) as ONNX's Expand does; `shape` is what is known of the result. */
export function expand(builder: GraphBuilder, x: Value, sizes: Value, shape: readonly Dimension[]): Value {
  return builder.op('Expand', [x, sizes], { dtype: x.dtype, shape })
}

/** A value of `shape` full of zeros, its sizes known when the model runs (`sizes`: int64 list). */
export function zeros(builder: GraphBuilder, sizes: Value, type: Pick<Value, 'dtype' | 'shape'>): Value {
  const zero = builder.constant({ dtype: 'int64', shape: [1], data: new BigInt64Array(1) }, 'zero')
  const filled = builder.op('Expand', [zero, sizes], { dtype: 'int64', shape: type.shape })
  return builder.op('Cast', [filled], type, { to: dataTypeOf(type.dtype) })
}
