// What operators that go over space make of the types of their inputs: https://onnx.ai/onnx/operators/onnx__Conv.html
import { axisFromFront } from '../view-attributes.ts'
import { divideSizes, type Size, times } from './sizes.ts'
import { attributeOrConstant, int, ints, type Rule, type TypedNode } from './symbolic-rule.ts'

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
  const amounts = attributeOrConstant(typed, 'pads', 1)
  const axes = typed.opset < 18 ? undefined : attributeOrConstant(typed, '', 3)
  if (shape === undefined) return [{ dtype }]
  const open = { dtype, shape: shape.map((_, axis) => typed.unknown(axis)) }
  if (amounts === undefined || ((typed.node.input[3] ?? '') !== '' && axes === undefined)) return [open]
  const padded = axes?.map((axis) => axisFromFront(axis, shape.length)) ?? [...shape.keys()]
  if (amounts.length !== 2 * padded.length) return [open]
  const added = new Map(padded.map((axis, k) => [axis, amounts[k]! + amounts[k + padded.length]!]))
  const sizes = shape.map((size, axis) => {
    const more = added.get(axis) ?? 0
    return more === 0 ? size : typeof size === 'number' ? size + more : typed.unknown(axis)
  })
  return [{ dtype, shape: sizes }]
}

/** Weights are [channels in, channels out of a group, ...kernel]. */
export const convTranspose: Rule = ({ input, attribute, unknown }) => {
  const [{ dtype, shape }, weights] = [input(0), input(1).shape]
  if (shape === undefined || weights === undefined) return [{ dtype }]
  const list = (name: string, axis: number, otherwise: number) => ints(attribute(name))?.[axis] ?? otherwise
  const auto = attribute('auto_pad') ?? 'NOTSET'
  const said = ints(attribute('output_shape'))?.slice(2 - shape.length)
  const spatial = shape.slice(2).map((size, k) => {
    const [kernel, step] = [weights[k + 2], list('strides', k, 1)]
    if (said !== undefined) return said[k]!
    if (typeof size !== 'number' || typeof kernel !== 'number') return unknown(k + 2)
    const whole = step * (size - 1) + list('output_padding', k, 0) + list('dilations', k, 1) * (kernel - 1) + 1
    // The engine cuts to these and adds nothing.
    if (auto === 'SAME_UPPER' || auto === 'SAME_LOWER') return Math.min(whole, size * step)
    return auto === 'VALID' ? whole : whole - list('pads', k, 0) - list('pads', k + shape.length - 2, 0)
  })
  return [{ dtype, shape: [shape[0]!, times([weights[1]!, int(attribute('group'), 1)]), ...spatial] }]
}

/** Resize and Upsample, by factors or to sizes that are constant; of all axes in order. */
export const resize: Rule = (typed) => {
  const { node, input, attribute, unknown } = typed
  const { dtype, shape } = input(0)
  if (shape === undefined) return [{ dtype }]
  const isOld = node.opType === 'Upsample' || typed.opset < 11
  const listed = attribute('scales')
  const factors = Array.isArray(listed) ? (listed as readonly number[]) : input(isOld ? 1 : 2).factors
  const sizes = isOld ? undefined : input(3).sizes
  const isPlain = attribute('axes') === undefined && (attribute('keep_aspect_ratio_policy') ?? 'stretch') === 'stretch'
  if (isPlain && sizes?.length === shape.length) return [{ dtype, shape: sizes }]
  const isKnown =
    isPlain && factors?.length === shape.length && attribute('coordinate_transformation_mode') !== 'tf_crop_and_resize'
  return [
    {
      dtype,
      shape: shape.map((size, axis) => {
        const factor = isKnown ? factors[axis]! : Number.NaN
        if (factor === 1) return size
        return typeof size === 'number' && factor > 0 ? Math.floor(size * factor) : unknown(axis)
      }),
    },
  ]
}

/** Between channels and positions, DepthToSpace and SpaceToDepth. */
export const shuffle: Rule = ({ node, input, attribute, unknown }) => {
  const { dtype, shape } = input(0)
  const block = int(attribute('blocksize'), 1)
  if (shape?.length !== 4) return [{ dtype }]
  const toSpace = node.opType === 'DepthToSpace'
  const [channels, ...spatial] = [shape[1]!, shape[2]!, shape[3]!].map((size, axis) =>
    (axis === 0) === toSpace
      ? divideSizes(size, axis === 0 ? block * block : block)
      : times([size, axis === 0 ? block * block : block]),
  )
  return [{ dtype, shape: [shape[0]!, channels ?? unknown(1), ...spatial.map((size, k) => size ?? unknown(k + 2))] }]
}

/** `border`: left, top, right, bottom; `scale`, where given: height and width that are left behind left and top. */
export const crop: Rule = ({ input, attribute, unknown }) => {
  const { dtype, shape } = input(0)
  const [left, top, right, bottom] = ints(attribute('border')) ?? []
  if (shape?.length !== 4 || bottom === undefined) return [{ dtype }]
  const size = ints(attribute('scale'))
  const cut = [top! + bottom, left! + right!].map((less, k) => {
    const whole = shape[k + 2]!
    return size?.[k] ?? (typeof whole === 'number' ? whole - less : unknown(k + 2))
  })
  return [{ dtype, shape: [shape[0]!, shape[1]!, ...cut] }]
}
