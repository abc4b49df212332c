// What rows of columns are written with.
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { gather } from '@whyslow/graph/builder/shapes.ts'
import type { Precision } from '@whyslow/graph/forest/types.ts'

/** Numbers as a constant of this type. */
export function numbers(builder: GraphBuilder, dtype: Precision, shape: readonly number[], values: ArrayLike<number>): Value {
  const data = dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values)
  return builder.constant({ dtype, shape, data }, 'numbers')
}

/** These columns, in this order. */
export const takeColumns = (builder: GraphBuilder, value: Value, columns: ArrayLike<number>): Value =>
  gather(builder, value, builder.constant(int64s(Array.from(columns)), 'columns'), 1)
