// Windows of convolutions and pooling as TensorFlow's family means them: what 'same' pads, and how large the result is.
// tensorflow/core/framework/kernel_shape_util.cc (GetWindowedOutputSize): the odd cell of 'same' stands at the end.
import type { Dimension } from '@whyslow/graph/types.ts'

/** Cells before and after each spatial axis, or a rule that needs the size. `causal`: all before (Conv1D). */
export type Padding = 'same' | 'valid' | 'causal' | readonly (readonly [begin: number, end: number])[]

/** One number a spatial axis. */
export interface Window {
  readonly kernel: readonly number[]
  readonly strides: readonly number[]
  readonly dilations: readonly number[]
  readonly padding: Padding
}

/** Cells that a kernel spans, holes included. */
export const spanOf = (kernel: number, dilation: number): number => (kernel - 1) * dilation + 1

/** Sizes of the result, axis by axis; null if the size that comes in is not known and does not stay. */
export function windowedSizes(spatial: readonly Dimension[], window: Window): Dimension[] {
  const { kernel, strides, dilations, padding } = window
  return spatial.map((size, axis) => {
    const [span, stride] = [spanOf(kernel[axis]!, dilations[axis]!), strides[axis]!]
    if (padding === 'same' || padding === 'causal') {
      if (stride === 1) return size
      return typeof size === 'number' ? Math.ceil(size / stride) : null
    }
    const padded = padding === 'valid' ? 0 : padding[axis]![0] + padding[axis]![1]
    if (span === 1 && stride === 1 && padded === 0) return size
    return typeof size === 'number' ? Math.floor((size + padded - span) / stride) + 1 : null
  })
}

/**
 * ONNX's attributes for it: `pads`, if it can be told, else `auto_pad` (a 'same' window of strides over a size that is not known).
 * Operators with auto_pad must not have dilations above 1 besides: TensorFlow refuses strides together with dilations as well.
 */
export function padAttributes(spatial: readonly Dimension[], window: Window): { auto_pad: string } | { pads: number[] } {
  const pairs = spatial.map((size, axis) => padsOf(size, axis, window))
  if (pairs.some((pair) => pair === undefined)) return { auto_pad: 'SAME_UPPER' }
  return { pads: [...pairs.map((pair) => pair![0]), ...pairs.map((pair) => pair![1])] }
}

/** Cells before and after one axis; undefined if they depend on a size that is not known. */
function padsOf(size: Dimension, axis: number, window: Window): readonly [number, number] | undefined {
  const { kernel, strides, dilations, padding } = window
  const [span, stride] = [spanOf(kernel[axis]!, dilations[axis]!), strides[axis]!]
  if (padding === 'valid') return [0, 0]
  if (padding === 'causal') return [span - 1, 0]
  if (padding !== 'same') return padding[axis]!
  if (stride !== 1 && typeof size !== 'number') return undefined
  const total = stride === 1 || typeof size !== 'number' ? span - 1 : (Math.ceil(size / stride) - 1) * stride + span - size
  const begin = Math.max(total, 0) >> 1
  return [begin, Math.max(total, 0) - begin]
}
