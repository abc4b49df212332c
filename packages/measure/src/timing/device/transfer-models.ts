// Models that do nothing but move tensors to a device and back. Upload: the whole input goes there, one element comes back. Download: one
// element goes there, is spread over the output's shape, and all of it comes back; spreading writes what the copy then reads, at the
// device's own bandwidth, which is tens of times that of the way to the host. What both have in common is measured with one element.
import { int64Tensor, model, node, valueInfo, writeModel } from '@whyslow/graph/build.ts'
import type { DType, TensorType } from '@whyslow/graph/types.ts'

/** Kernels for these are there on every device; tensors of others mostly stay with the CPU. */
const MOVED: ReadonlySet<DType> = new Set(['float32', 'float16', 'int32'])

export const isMoved = ({ dtype, shape }: TensorType): boolean => MOVED.has(dtype) && shape.every((size) => size > 0)

/** Takes `x`, gives its first element. */
export function uploadModel({ dtype, shape }: TensorType): Uint8Array {
  return writeModel(
    model({
      nodes: [node('Reshape', ['x', 'flat'], ['f']), node('Slice', ['f', 'zero', 'one'], ['y'])],
      inputs: [valueInfo('x', dtype, shape)],
      outputs: [valueInfo('y', dtype, [1])],
      initializers: [int64Tensor('flat', [1], [-1]), int64Tensor('zero', [1], [0]), int64Tensor('one', [1], [1])],
    }),
  )
}

/** Takes one element, gives it in every place of the shape. */
export function downloadModel({ dtype, shape }: TensorType): Uint8Array {
  return writeModel(
    model({
      nodes: [node('Expand', ['x', 'shape'], ['y'])],
      inputs: [valueInfo('x', dtype, [1])],
      outputs: [valueInfo('y', dtype, shape)],
      initializers: [int64Tensor('shape', [shape.length], shape)],
    }),
  )
}
