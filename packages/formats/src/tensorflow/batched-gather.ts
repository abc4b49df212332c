// Entries by their indices: each entry of a batch with indices of its own, by places in several axes, and where entries are.
// https://www.tensorflow.org/api_docs/python/tf/gather

import { binary, cast, constantOf, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { type Reduction, reduce } from '@whyslow/graph/builder/reduce.ts'
import { expand, gather, reshape, sizeAsRun, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { transpose } from './layout.ts'

export interface GatherParts {
  /** Counted from the front. */
  readonly axis: number
  /** How many leading axes `x` and `indices` share: at most `axis`. */
  readonly batch: number
}

/** Entries of an axis by `indices` (int32 or int64), whose axes behind the batch stand in the axis' place. */
export function batchedGather(builder: GraphBuilder, x: Value, indices: Value, { axis, batch }: GatherParts): Value {
  if (batch === 0) return gather(builder, x, indices, axis)
  // The axis moves to behind the batch, where GatherND takes it; the axes that stood between move back before the indices' own.
  const [front, between, after] = [range(0, batch), range(batch, axis), range(axis + 1, x.shape.length)]
  const turned = transpose(builder, x, [...front, axis, ...between, ...after])
  const shape = [...indices.shape, ...turned.shape.slice(batch + 1)]
  const listed = unsqueeze(builder, cast(builder, indices, 'int64'), [-1])
  const made = builder.op('GatherND', [turned, listed], { dtype: x.dtype, shape }, { batch_dims: batch })
  const inner = indices.shape.length - batch
  const order = [
    ...front,
    ...between.map((_, k) => batch + inner + k),
    ...range(batch, batch + inner),
    ...after.map((_, k) => batch + inner + between.length + k),
  ]
  return transpose(builder, made, order)
}

/** The last axis of `places`, whose size is known, tells a place in the first axes of `x`. */
export function gatherAt(builder: GraphBuilder, x: Value, places: Value): Value {
  const shape = [...places.shape.slice(0, -1), ...x.shape.slice(places.shape.at(-1) as number)]
  return builder.op('GatherND', [x, cast(builder, places, 'int64')], { dtype: x.dtype, shape })
}

/**
 * Whether each index (int32 or int64) is the class that a new axis of `depth` counts. ONNX's OneHot counts negative indices from the
 * end; TensorFlow has no class for them.
 */
export function isClass(
  builder: GraphBuilder,
  indices: Value,
  { depth, axis }: { readonly depth: number; readonly axis: number },
): Value {
  const shape = Array.from({ length: indices.shape.length + 1 }, (_, k) => (k === axis ? depth : 1))
  const classes = constantOf(indices.dtype, shape, range(0, depth))
  return binary(builder, 'Equal', unsqueeze(builder, indices, [axis]), builder.constant(classes, 'classes'))
}

/** Rows of places that are true, int64. */
export function truePlaces(builder: GraphBuilder, x: Value): Value {
  const rank = x.shape.length
  return transpose(builder, builder.op('NonZero', [x], { dtype: 'int64', shape: [rank, null] }), [1, 0])
}

/** Each value of a list once, in the order in which they first come, and which of them each is (int64). */
export function uniqueOf(builder: GraphBuilder, x: Value): readonly [Value, Value] {
  // The engine has it for few types.
  const dtype = x.dtype === 'int32' ? 'int64' : x.dtype
  const types = [{ dtype, shape: [null] }, undefined, { dtype: 'int64', shape: [x.shape[0] ?? null] }] as const
  const [values, , inverse] = builder.ops('Unique', [cast(builder, x, dtype)], types, { sorted: 0 })
  return [values!, inverse!]
}

/** `base` with `values` (each its own, or one for all) at int64 indices: one, a list, or a list of lists. */
export function putInto(builder: GraphBuilder, base: Value, indices: Value, values: Value): Value {
  const rank = indices.shape.length
  const listed = rank === 2 ? indices : unsqueeze(builder, indices, rank === 1 ? [1] : [0, 1])
  const each = values.shape.length > 0 ? values : expand(builder, values, sizeAsRun(builder, listed, 0), [listed.shape[0]!])
  return builder.op('ScatterND', [base, listed, each], base)
}

/** `base` with `block`, whose sizes are known, from `starts` on (int64 list). */
export function putBlock(builder: GraphBuilder, base: Value, block: Value, starts: Value): Value {
  const sizes = block.shape as number[]
  const offsets = Array.from({ length: elementCount(sizes) }, (_, cell) =>
    sizes.map((size, axis) => Math.floor(cell / elementCount(sizes.slice(axis + 1))) % size),
  )
  const grid = builder.constant({ ...int64s(offsets.flat()), shape: [...sizes, sizes.length] }, 'offsets')
  return builder.op('ScatterND', [base, binary(builder, 'Add', grid, starts), block], base)
}

interface Segments {
  /** [rows]: which segment each row is of; none if there is no such segment. */
  readonly ids: Value
  readonly count: number
  /** What a segment without rows is. */
  readonly neutral: number
}

/** Rows of the same segment brought together. */
export function segments(builder: GraphBuilder, reduction: Reduction, rows: Value, { ids, count, neutral }: Segments): Value {
  const rest = rows.shape.slice(1).map(() => 1)
  const numbered = builder.constant(constantOf(ids.dtype, [count, 1, ...rest], range(0, count)), 'segments')
  const hit = binary(builder, 'Equal', reshape(builder, ids, [ids.shape[0]!, ...rest]), numbered)
  const masked = where(builder, hit, unsqueeze(builder, rows, [0]), scalar(builder, rows.dtype, neutral))
  return reduce(builder, reduction, masked, { axes: [1] })
}
