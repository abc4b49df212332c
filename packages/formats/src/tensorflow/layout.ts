// Channels last, as TensorFlow's family keeps its tensors, and channels first, as ONNX's operators want them. Each operator is written
// with the transposes that it needs by itself; those that undo each other are taken out when the graph is whole (formats/settle).

import { transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { isIdentity } from '@whyslow/graph/builder/permutation.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

/** `value` with axis `permutation[k]` as its axis `k`; constants are turned at once. */
export function transpose(builder: GraphBuilder, value: Value, permutation: readonly number[]): Value {
  if (isIdentity(permutation)) return value
  if (value.constant !== undefined) return builder.constant(transposeConstant(value.constant, permutation))
  const shape = permutation.map((axis): Dimension => value.shape[axis]!)
  return builder.op('Transpose', [value], { dtype: value.dtype, shape }, { perm: permutation })
}

/** [n, …spatial, c] as [n, c, …spatial]. */
export function toChannelsFirst(builder: GraphBuilder, value: Value): Value {
  const rank = value.shape.length
  return transpose(builder, value, [0, rank - 1, ...range(1, rank - 1)])
}

/** [n, c, …spatial] as [n, …spatial, c]. */
export function toChannelsLast(builder: GraphBuilder, value: Value): Value {
  const rank = value.shape.length
  return transpose(builder, value, [0, ...range(2, rank), 1])
}

/** [n, steps, …] as [steps, n, …], and back. */
export const swapTimeAndBatch = (builder: GraphBuilder, value: Value): Value =>
  transpose(builder, value, [1, 0, ...range(2, value.shape.length)])

/** What `write` makes of a value with its channels first, in the layout that the value has. */
export function inChannelsFirst(builder: GraphBuilder, x: Value, isFirst: boolean, write: (x: Value) => Value): Value {
  return isFirst ? write(x) : toChannelsLast(builder, write(toChannelsFirst(builder, x)))
}
