// Gathering in which each entry of a batch has indices of its own. https://www.tensorflow.org/api_docs/python/tf/gather
import type { GraphBuilder, Value } from '../build/graph-builder.ts'
import { cast } from './broadcast.ts'
import { transpose } from './layout.ts'
import { gather, unsqueeze } from './shapes.ts'

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
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, k) => from + k)
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
