// The zeros around the input of a convolution or a pooling, whichever way the node gives them:
// https://onnx.ai/onnx/operators/onnx__Conv.html
import type { NodeProto } from 'onnx-buf'
import { attributeOf, intsOf } from './match.ts'
import type { Window } from './position-blocks.ts'
import type { Size } from './sizes.ts'

/** All begins, then all ends. `input`: spatial sizes; undefined if the pads follow from a size that is not known. */
export function convolutionPads(
  node: NodeProto,
  { kernel, strides, dilations }: Omit<Window, 'pads'>,
  input: readonly (Size | undefined)[],
): readonly number[] | undefined {
  const none = [...kernel, ...kernel].map(() => 0)
  const auto = String(attributeOf(node, 'auto_pad') ?? 'NOTSET')
  if (auto === 'VALID') return none
  if (auto === 'NOTSET') return intsOf(node, 'pads') ?? none
  const missing = kernel.map((taps, axis) => {
    const [size, stride, reach] = [input[axis], strides[axis]!, (taps - 1) * dilations[axis]! + 1]
    if (stride === 1) return reach - 1
    if (typeof size !== 'number') return Number.NaN
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + reach - size)
  })
  if (missing.some(Number.isNaN)) return undefined
  const [less, more] = [missing.map((pad) => Math.floor(pad / 2)), missing.map((pad) => Math.ceil(pad / 2))]
  return auto === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less]
}
