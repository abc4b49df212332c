// Blocks of space that become rows of the batch or channels, and back.
// https://www.tensorflow.org/api_docs/python/tf/space_to_batch_nd

import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { crop, reshape } from '@whyslow/graph/builder/shapes.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { transpose } from './layout.ts'
import { pad } from './pad.ts'

/** For each axis of space, which stand behind the batch. */
export interface Blocks {
  readonly sizes: readonly number[]
  /** Cells before and after it that are put around it at first, or cut off at last. */
  readonly cells: readonly (readonly [before: number, after: number])[]
}

const times = (size: Dimension, by: number): Dimension => (typeof size === 'number' ? size * by : by === 1 ? size : null)

/** Throws a RangeError if it does not divide. */
function divided(size: Dimension, by: number): Dimension {
  if (typeof size !== 'number') return by === 1 ? size : null
  if (size % by !== 0) throw new RangeError(`there are no ${by} equal parts of ${size}`)
  return size / by
}

/** Each axis of space is parted into blocks, whose cells become further entries of the batch; `filling` is put around. */
export function spaceToBatch(builder: GraphBuilder, x: Value, { sizes, cells }: Blocks, filling = 0): Value {
  const count = sizes.length
  const rest = x.shape.slice(1 + count)
  const none = [0, 0] as const
  const whole = pad(builder, x, [none, ...cells, ...rest.map(() => none)], filling)
  const batch = x.shape[0]!
  const inner = whole.shape.slice(1, 1 + count).map((size, k) => divided(size, sizes[k]!))
  const parted = reshape(builder, whole, [batch, ...inner.flatMap((size, k) => [size, sizes[k]!]), ...rest])
  const order = [
    ...sizes.map((_, k) => 2 * k + 2),
    0,
    ...sizes.map((_, k) => 2 * k + 1),
    ...rest.map((_, k) => 2 * count + 1 + k),
  ]
  return reshape(builder, transpose(builder, parted, order), [times(batch, elementCount(sizes)), ...inner, ...rest])
}

export function batchToSpace(builder: GraphBuilder, x: Value, { sizes, cells }: Blocks): Value {
  const count = sizes.length
  const [spatial, rest] = [x.shape.slice(1, 1 + count), x.shape.slice(1 + count)]
  const batch = divided(x.shape[0]!, elementCount(sizes))
  const parted = reshape(builder, x, [...sizes, batch, ...spatial, ...rest])
  const order = [count, ...sizes.flatMap((_, k) => [count + 1 + k, k]), ...rest.map((_, k) => 2 * count + 1 + k)]
  const outer = spatial.map((size, k) => times(size, sizes[k]!))
  const whole = reshape(builder, transpose(builder, parted, order), [batch, ...outer, ...rest])
  return crop(builder, whole, 1, cells)
}

/** [n, c, h, w] with blocks of channels (rows, columns, channels) as cells of space: ONNX's DCR. */
export function depthToSpace(builder: GraphBuilder, x: Value, block: number): Value {
  const [n, c, h, w] = x.shape
  const shape = [n!, divided(c!, block * block), times(h!, block), times(w!, block)]
  return builder.op('DepthToSpace', [x], { dtype: x.dtype, shape }, { blocksize: block, mode: 'DCR' })
}

/** [n, c, h, w] with blocks of space as channels. */
export function spaceToDepth(builder: GraphBuilder, x: Value, block: number): Value {
  const [n, c, h, w] = x.shape
  const shape = [n!, times(c!, block * block), divided(h!, block), divided(w!, block)]
  return builder.op('SpaceToDepth', [x], { dtype: x.dtype, shape }, { blocksize: block })
}
