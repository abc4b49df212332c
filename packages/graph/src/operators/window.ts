// Sliding windows over an input: which part of it they touch, and where its channels are.
import type { TensorType } from '../types.ts'
import { numberAttribute } from './attributes.ts'
import type { NodeContext } from './types.ts'
import { tensorBytes } from './work.ts'

/**
 * Bytes of `x` that windows of `kernel` touch: all, or where they leave gaps (a 1x1 kernel with stride 2) what lies under them.
 * `channelsLast` tells where the spatial dimensions are: [N, …, C] or [N, C, …].
 */
export function touchedBytes(x: TensorType, y: TensorType, kernel: readonly number[], channelsLast: boolean): number {
  const first = channelsLast ? 1 : 2
  const bytes = tensorBytes(x)
  if (bytes === 0) return 0
  let share = 1
  kernel.forEach((size, i) => {
    share *= Math.min(1, (size * y.shape[first + i]!) / x.shape[first + i]!)
  })
  return bytes * share
}

/** True for the operators of ONNX Runtime whose data are [N, …, C]. */
export function isChannelsLast({ node }: NodeContext): boolean {
  return (
    node.domain === 'com.ms.internal.nhwc' || node.opType.startsWith('Nhwc') || numberAttribute(node, 'channels_last', 0) === 1
  )
}
