// Cells around a tensor.

import { scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { concat, reverse, slice } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'

type Pairs = readonly (readonly [before: number, after: number])[]

/** `x` with `value` before and after each axis; a pair an axis. */
export function pad(builder: GraphBuilder, x: Value, pairs: Pairs, value = 0): Value {
  if (pairs.every(([before, after]) => before === 0 && after === 0)) return x
  return padAround(builder, x, pairs, { filling: value === 0 ? undefined : scalar(builder, x.dtype, value) })
}

export type PadMode = 'constant' | 'reflect' | 'edge' | 'symmetric'
/** NumPy's and TensorFlow's modes. ONNX has 'wrap' from opset 19 on, which is not written. */
export const isPadMode = (mode: string): mode is PadMode => ['constant', 'reflect', 'edge', 'symmetric'].includes(mode)

/** Cells around `x`: `filling` (of rank 0; absent: zeros) or, by the other modes, what is at its edges. */
export function padAround(
  builder: GraphBuilder,
  x: Value,
  pairs: Pairs,
  { filling, mode = 'constant' }: { readonly filling?: Value | undefined; readonly mode?: PadMode } = {},
): Value {
  if (mode === 'symmetric') return mirror(builder, x, pairs, true)
  const shape = x.shape.map((size, axis) => sizeWithPads(size, pairs[axis]!))
  const pads = builder.ints([...pairs.map(([before]) => before), ...pairs.map(([, after]) => after)])
  const value = mode === 'constant' ? filling : undefined
  return builder.op('Pad', [x, pads, value], { dtype: x.dtype, shape }, { mode })
}

/**
 * `x` mirrored at its edges, a pair of counts an axis: without the cell at the edge (reflect), or with it (symmetric), which ONNX has no
 * mode for. Cells are taken from `x` itself, so that any type will do; there must be as many as are asked.
 */
export function mirror(builder: GraphBuilder, x: Value, pairs: Pairs, symmetric: boolean): Value {
  const edge = symmetric ? 0 : 1
  return pairs.reduce((value, [before, after], axis) => {
    if (before + after === 0) return value
    const first = slice(builder, value, [{ axis, start: edge, end: edge + before }])
    const last = slice(builder, value, [{ axis, start: -(edge + after), end: edge === 0 ? undefined : -edge }])
    const parts = [
      ...(before > 0 ? [reverse(builder, sized(first, axis, before), axis)] : []),
      value,
      ...(after > 0 ? [reverse(builder, sized(last, axis, after), axis)] : []),
    ]
    return sized(concat(builder, parts, axis), axis, sizeWithPads(value.shape[axis]!, [before, after]))
  }, x)
}

/** What a size becomes with cells before and after it. */
export const sizeWithPads = (size: Dimension, [before, after]: readonly [number, number]): Dimension =>
  before + after === 0 ? size : typeof size === 'number' ? size + before + after : null

const sized = (value: Value, axis: number, size: Dimension): Value => ({
  ...value,
  shape: value.shape.map((known, k) => (k === axis ? size : known)),
})
