// Embeddings, and where masks begin. keras/src/layers/core/{embedding,masking}.py

import { binary, cast, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { gather } from '@whyslow/graph/builder/shapes.ts'
import type { LayerKind } from './layer.ts'
import { arrayOf, floatInput, onlyInput, trainableSlots } from './layer-parts.ts'

export const embedding: LayerKind = {
  classNames: ['Embedding'],
  arrays: () => trainableSlots('embeddings'),
  write(call) {
    const { builder, config } = call
    const ids = onlyInput(call)
    const table = builder.constant(arrayOf(call, 'embeddings', [null, null]), 'embeddings')
    // Floats are cut off, as TensorFlow casts them.
    const whole = ids.dtype === 'int32' || ids.dtype === 'int64' ? ids : cast(builder, ids, 'int32')
    const mask = config.raw('mask_zero') === true ? unary(builder, 'Not', withNumber(builder, 'Equal', ids, 0)) : undefined
    return { outputs: [gather(builder, table, whole)], mask }
  },
}

/** Steps in which all features have one value are masked, and become zero. */
export const masking: LayerKind = {
  classNames: ['Masking'],
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const shown = anyOther(builder, x, config.number('mask_value', 0))
    const factor = cast(builder, shown, x.dtype)
    const mask = cast(builder, reduce(builder, 'ReduceMax', cast(builder, shown, 'int32'), { axes: [-1] }), 'bool')
    return { outputs: [binary(builder, 'Mul', x, factor)], mask }
  },
}

/** bool […, 1]: any feature is another number than `value`. */
function anyOther(builder: GraphBuilder, x: Value, value: number): Value {
  const other = unary(builder, 'Not', withNumber(builder, 'Equal', x, value))
  return cast(builder, reduce(builder, 'ReduceMax', cast(builder, other, 'int32'), { axes: [-1], keepDims: true }), 'bool')
}
