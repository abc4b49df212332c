// What operators that go over space make of the types of their inputs: https://onnx.ai/onnx/operators/onnx__Conv.html
import type { Size } from './sizes.ts'
import { at, given, int, ints, type Rule, type TypedNode } from './symbolic-rule.ts'

/** Conv and pools: spatial sizes where they are numbers. */
const window =
  (channels: (typed: TypedNode) => Size | undefined): Rule =>
  (typed) => {
    const { input, attribute, unknown } = typed
    const { dtype, shape } = input(0)
    const kernel = ints(attribute('kernel_shape')) ?? input(1).shape?.slice(2)
    const kernels = kernel?.every((one) => typeof one === 'number') ? (kernel as readonly number[]) : undefined
    if (shape === undefined) return [{ dtype }]
    const auto = attribute('auto_pad') ?? 'NOTSET'
    const spatial = shape.slice(2).map((size, k) => {
      const [step, spread] = [ints(attribute('strides'))?.[k] ?? 1, ints(attribute('dilations'))?.[k] ?? 1]
      const extent = kernels?.[k] === undefined ? undefined : spread * (kernels[k]! - 1) + 1
      if (typeof size !== 'number' || extent === undefined) return unknown(k + 2)
      if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return Math.ceil(size / step)
      const pads = auto === 'VALID' ? undefined : ints(attribute('pads'))
      const free = size + (pads?.[k] ?? 0) + (pads?.[k + shape.length - 2] ?? 0) - extent
      return (int(attribute('ceil_mode'), 0) ? Math.ceil(free / step) : Math.floor(free / step)) + 1
    })
    return [{ dtype, shape: [shape[0]!, channels(typed) ?? unknown(1), ...spatial] }]
  }

export const convolution = window(({ input }) => input(1).shape?.[0])
export const pooling = window(({ input }) => input(0).shape?.[1])

export const globalPool: Rule = ({ input }) => {
  const { dtype, shape } = input(0)
  return [{ dtype, shape: shape?.map((size, axis) => (axis < 2 ? size : 1)) }]
}

/** Begins and ends by axis, constant; negative ones cut. */
export const pad: Rule = (typed) => {
  const { dtype, shape } = typed.input(0)
  const amounts = given(typed, 'pads', 1)
  const axes = typed.opset < 18 ? undefined : given(typed, '', 3)
  if (shape === undefined || amounts === undefined || ((typed.node.input[3] ?? '') !== '' && axes === undefined))
    return [{ dtype }]
  const padded = axes?.map((axis) => at(axis, shape.length)) ?? [...shape.keys()]
  if (amounts.length !== 2 * padded.length) return [{ dtype }]
  const added = new Map(padded.map((axis, k) => [axis, amounts[k]! + amounts[k + padded.length]!]))
  const sizes = shape.map((size, axis) => {
    const more = added.get(axis) ?? 0
    return more === 0 ? size : typeof size === 'number' ? size + more : typed.unknown(axis)
  })
  return [{ dtype, shape: sizes }]
}
