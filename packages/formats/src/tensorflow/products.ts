// Products of matrices, as NumPy's matmul has them. https://numpy.org/doc/stable/reference/generated/numpy.matmul.html

import { broadcastShape, scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { transpose } from './layout.ts'

/** Product of stacks that broadcast; a value of one axis is a row on the left, a column on the right, and that axis is removed. */
export function matmul(builder: GraphBuilder, a: Value, b: Value): Value {
  const stack = broadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2))
  const rows = a.shape.slice(-2, -1)
  const columns = b.shape.length === 1 ? [] : b.shape.slice(-1)
  return builder.op('MatMul', [a, b], { dtype: a.dtype, shape: [...stack, ...rows, ...columns] })
}

/** The last two axes exchanged. */
export function swapLastAxes(builder: GraphBuilder, x: Value): Value {
  const rank = x.shape.length
  return transpose(builder, x, [...x.shape.slice(2).map((_, axis) => axis), rank - 1, rank - 2])
}

/** What of the last two axes is on or above the diagonal `k` places right of the main one (`upper` 0: on or below it); the rest is 0. */
export function triangle(builder: GraphBuilder, x: Value, k: number, upper: 0 | 1): Value {
  return builder.op('Trilu', [x, scalar(builder, 'int64', k)], x, { upper })
}
