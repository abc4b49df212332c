// Conv and ConvTranspose as CONV_2D, DEPTHWISE_CONV_2D, CONV_3D and TRANSPOSE_CONV: tensors and kernels channels last. Those of one
// spatial axis get a second of size 1. Filters: [out, h, w, in / groups], depthwise [1, h, w, out], CONV_3D [d, h, w, in, out].

import { type ConstantData, reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute, numbersAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { channelsLast } from '../order.ts'
import { arithmetic } from './arithmetic.ts'
import { type Rules, resultOf } from './rule.ts'
import { strideOver } from './slices.ts'
import { PADDING_SAME, PADDING_VALID, pad, type Window, windowOf, withHeight, withoutHeight } from './window.ts'

export const CONVOLUTIONS: Rules = { Conv: convolution, ConvTranspose: transposedConvolution }

function convolution(lower: Lowerer, node: OnnxNode): void {
  const [inputName, weightsName, biasName] = node.inputs as [string, string, string?]
  const [outputName] = node.outputs as [string]
  const weights = lower.constant(weightsName) ?? lower.refuse('its weights are computed')
  const shape = lower.shape(inputName)
  const rank = shape.length
  if (rank < 3 || rank > 5) lower.refuse(`it has ${rank - 2} spatial axes`)
  const order = channelsLast(rank)
  const results = lower.shape(outputName)
  const kernel = weights.shape.slice(2)
  const window = windowOf(lower, node, { kernel, spatial: shape.slice(2), results: results.slice(2) })
  const x = pad(lower, lower.ordered(inputName, order), window.pads)
  const bias = biasOf(lower, biasName, weights.shape[0]!)
  const type = resultOf(lower, outputName, order)
  const parts: Parts = { x, weights, bias, window, groups: numberAttribute(node, 'group', 1), channels: Number(shape[1]) }
  if (rank === 5) lower.place(outputName, convolution3d(lower, parts, type), order)
  else if (rank === 4) lower.place(outputName, convolution2d(lower, parts, type), order)
  else {
    const [n, ...others] = type.shape
    const made = convolution2d(lower, flat(lower, parts), { dtype: x.dtype, shape: [n!, 1, ...others] })
    lower.place(outputName, withoutHeight(lower, made, outputName), order)
  }
}

interface Parts {
  readonly x: LiteTensor
  /** [out, in / groups, …spatial]. */
  readonly weights: ConstantData
  readonly bias: LiteTensor
  readonly window: Window
  readonly groups: number
  /** Channels of the input. */
  readonly channels: number
}

type Result = Parameters<Lowerer['op']>[2]

/** The same over two spatial axes, the first of size 1. */
function flat(lower: Lowerer, parts: Parts): Parts {
  const { x, weights, window } = parts
  const [outputs, inputs, width] = weights.shape as [number, number, number]
  return {
    ...parts,
    x: withHeight(lower, x),
    weights: reshapeConstant(weights, [outputs, inputs, 1, width]),
    window: { ...window, kernel: [1, ...window.kernel], strides: [1, ...window.strides], dilations: [1, ...window.dilations] },
  }
}

function convolution2d(lower: Lowerer, { x, weights, bias, window, groups, channels }: Parts, result: Result): LiteTensor {
  const [stride_h, stride_w] = window.strides as [number, number]
  const [dilation_h_factor, dilation_w_factor] = window.dilations as [number, number]
  const fields = { padding: window.padding, stride_h, stride_w, dilation_h_factor, dilation_w_factor }
  const [outputs, , height, width] = weights.shape as [number, number, number, number]
  if (groups === channels && groups > 1) {
    const filter = reshapeConstant(transposeConstant(weights, [1, 2, 3, 0]), [1, height, width, outputs])
    const depthFields = { ...fields, depth_multiplier: outputs / channels }
    return lower.op('DEPTHWISE_CONV_2D', [x, lower.constantTensor(filter, 'kernel'), bias], result, depthFields)
  }
  const filter = lower.constantTensor(transposeConstant(weights, [0, 2, 3, 1]), 'kernel')
  return lower.op('CONV_2D', [x, filter, bias], result, fields)
}

function convolution3d(lower: Lowerer, { x, weights, bias, window, groups }: Parts, result: Result): LiteTensor {
  if (groups !== 1) lower.refuse('groups over three spatial axes')
  const [stride_d, stride_h, stride_w] = window.strides as [number, number, number]
  const [dilation_d_factor, dilation_h_factor, dilation_w_factor] = window.dilations as [number, number, number]
  const strides = { stride_d, stride_h, stride_w }
  const fields = { padding: window.padding, ...strides, dilation_d_factor, dilation_h_factor, dilation_w_factor }
  const filter = lower.constantTensor(transposeConstant(weights, [2, 3, 4, 1, 0]), 'kernel')
  return lower.op('CONV_3D', [x, filter, bias], result, fields)
}

/** Kernels of XNNPACK want a bias, be it 0. */
function biasOf(lower: Lowerer, name: string | undefined, outputs: number): LiteTensor {
  const given = lower.constant(name)
  if (given !== undefined) return lower.constantTensor(given, name!)
  if (name !== undefined && name !== '') return lower.refuse('its bias is computed')
  return lower.floats([outputs], new Float32Array(outputs))
}

/**
 * TRANSPOSE_CONV is told the size of its result. ONNX's pads cut cells off the result: where they are those of SAME nothing is left to
 * do, else the whole result is made and cut. Dilation is written into the kernel.
 */
function transposedConvolution(lower: Lowerer, node: OnnxNode): void {
  const [inputName, weightsName, biasName] = node.inputs as [string, string, string?]
  const [outputName] = node.outputs as [string]
  const given = lower.constant(weightsName)
  if (given === undefined || numberAttribute(node, 'group', 1) !== 1)
    lower.refuse(given === undefined ? 'its weights are computed' : 'groups')
  const rank = given!.shape.length
  if (rank < 3 || rank > 5) lower.refuse(`it has ${rank - 2} spatial axes`)
  const strides = numbersAttribute(node, 'strides') ?? given!.shape.slice(2).map(() => 1)
  const weights = dilated(lower, given!, numbersAttribute(node, 'dilations') ?? strides.map(() => 1))
  const results = lower.shape(outputName)
  const axes = strides.map((stride, axis) =>
    transposedAxis(lower, node, { axis, kernel: weights.shape[axis + 2]!, stride, result: results[axis + 2]! }),
  )
  const flat: TransposedAxis = { stride: 1, beyond: 1, full: 1, begin: 0, isSame: true, result: 1 }
  const all = rank === 3 ? [flat, ...axes] : axes
  const lies = lower.ordered(inputName, channelsLast(rank))
  const x = rank === 3 ? withHeight(lower, lies) : lies
  const holds = rank === 3 ? undefined : outputName
  const bias = biasOf(lower, biasName, weights.shape[1]!)
  const made = wholeResult(lower, x, { weights: rank === 3 ? squared(weights) : weights, bias, axes: all, holds })
  const same = all.every(({ isSame }) => isSame)
  const whole = same || all.every(({ begin, full, beyond }) => begin === 0 && full === beyond)
  const cut = whole ? made : cutOut(lower, made, all, holds)
  lower.place(outputName, rank === 3 ? withoutHeight(lower, cut, outputName) : cut, channelsLast(rank))
}

/** A result has (in - 1) · stride + `beyond` cells, cut at `begin` out of (in - 1) · stride + `full`. */
interface TransposedAxis {
  readonly stride: number
  readonly beyond: number
  readonly full: number
  readonly begin: number
  /** SAME cuts off as much. */
  readonly isSame: boolean
  readonly result: Dimension
}

function transposedAxis(
  lower: Lowerer,
  node: OnnxNode,
  {
    axis,
    kernel,
    stride,
    result,
  }: { readonly axis: number; readonly kernel: number; readonly stride: number; readonly result: Dimension },
): TransposedAxis {
  if ((node.attributes.auto_pad ?? 'NOTSET') !== 'NOTSET') lower.refuse('auto_pad')
  const size = lower.shape(node.inputs[0]!)[axis + 2]!
  const pads = numbersAttribute(node, 'pads') ?? []
  const told = numbersAttribute(node, 'output_shape') !== undefined
  if (told && (typeof size !== 'number' || typeof result !== 'number')) lower.refuse('output_shape over sizes that are free')
  const more = numbersAttribute(node, 'output_padding')?.[axis] ?? 0
  const [before, after] = [pads[axis] ?? 0, pads[axis + pads.length / 2] ?? 0]
  const beyond = told ? (result as number) - ((size as number) - 1) * stride : kernel + more - before - after
  // Of a size that is told, pads follow, the odd cell at the front.
  const begin = told ? Math.ceil(Math.max(0, kernel + more - beyond) / 2) : before
  const isSame = beyond > 0 && beyond <= stride && begin === Math.max(kernel - beyond, 0) >> 1
  return { stride, beyond, begin, full: Math.max(kernel, begin + beyond), isSame, result }
}

interface WholeParts {
  /** [in, out, …spatial] of two or three axes. */
  readonly weights: ConstantData
  readonly bias: LiteTensor
  readonly axes: readonly TransposedAxis[]
  readonly holds: string | undefined
}

/** All cells that inputs touch, or with SAME those that are left. */
function wholeResult(lower: Lowerer, x: LiteTensor, { weights, bias, axes, holds }: WholeParts): LiteTensor {
  const same = axes.every(({ isSame }) => isSame)
  const cells = axes.map((axis) => (same ? axis.beyond : axis.full))
  const [, outputs] = weights.shape as [number, number]
  const shape = [
    x.shape[0]!,
    ...axes.map(({ stride }, k): Dimension => {
      const size = x.shape[k + 1]
      return typeof size === 'number' ? (size - 1) * stride + cells[k]! : null
    }),
    outputs,
  ]
  const sizes = sizesOf(lower, x, { shape, axes, cells })
  const result = { dtype: x.dtype, shape, ...(same ? { holds } : {}) }
  const padding = same ? PADDING_SAME : PADDING_VALID
  if (axes.length === 3) {
    const [stride_d, stride_h, stride_w] = axes.map(({ stride }) => stride) as [number, number, number]
    const filter = lower.constantTensor(transposeConstant(weights, [2, 3, 4, 1, 0]), 'kernel')
    return lower.op('CONV_3D_TRANSPOSE', [sizes, filter, x, bias], result, { padding, stride_d, stride_h, stride_w })
  }
  const [stride_h, stride_w] = axes.map(({ stride }) => stride) as [number, number]
  const filter = lower.constantTensor(transposeConstant(weights, [1, 2, 3, 0]), 'kernel')
  return lower.op('TRANSPOSE_CONV', [sizes, filter, x, bias], result, { padding, stride_h, stride_w })
}

/** Weights for one spatial axis as weights for two. */
function squared(weights: ConstantData): ConstantData {
  const [inputs, outputs, width] = weights.shape as [number, number, number]
  return reshapeConstant(weights, [inputs, outputs, 1, width])
}

/** The kernel with zeros between its cells. */
function dilated(lower: Lowerer, weights: ConstantData, dilations: readonly number[]): ConstantData {
  if (dilations.every((one) => one === 1)) return weights
  if (dilations.length > 2) return lower.refuse('dilations over three spatial axes')
  const [inputs, outputs, ...window] = weights.shape as [number, number, ...number[]]
  const [h, w] = window.length === 1 ? [1, window[0]!] : (window as [number, number])
  const [dh, dw] = dilations.length === 1 ? [1, dilations[0]!] : (dilations as [number, number])
  const [height, width] = [(h - 1) * dh + 1, (w - 1) * dw + 1]
  const [from, to] = [weights.data as Float32Array, new Float32Array(inputs * outputs * height * width)]
  for (let at = 0; at < from.length; at++) {
    const [plane, y, x] = [Math.floor(at / (h * w)), Math.floor(at / w) % h, at % w]
    to[(plane * height + y * dh) * width + x * dw] = from[at]!
  }
  return { dtype: 'float32', shape: [inputs, outputs, ...(window.length === 1 ? [width] : [height, width])], data: to }
}

interface SizesOf {
  readonly shape: readonly Dimension[]
  readonly axes: readonly TransposedAxis[]
  readonly cells: readonly number[]
}

/** A shape as a tensor; sizes that are free follow from those of the input. */
function sizesOf(lower: Lowerer, x: LiteTensor, { shape, axes, cells }: SizesOf): LiteTensor {
  if (shape.every((size) => typeof size === 'number')) return lower.ints(shape as number[])
  const own = lower.shapeOf(x)
  const { add, multiply } = arithmetic(lower, { dtype: 'int32', shape: [] })
  const parts = shape.map((size, axis) => {
    if (typeof size === 'number') return lower.scalar(size)
    const given = lower.sizeAt(own, axis)
    const spatial = axes[axis - 1]
    if (spatial === undefined) return given
    const more = cells[axis - 1]! - spatial.stride
    const scaled = spatial.stride === 1 ? given : multiply(given, lower.scalar(spatial.stride))
    return more === 0 ? scaled : add(scaled, lower.scalar(more))
  })
  return lower.pack(parts)
}

function cutOut(lower: Lowerer, tensor: LiteTensor, axes: readonly TransposedAxis[], holds: string | undefined): LiteTensor {
  const shape = [tensor.shape[0]!, ...axes.map(({ result }) => result), tensor.shape.at(-1)!]
  const parts = axes.map(({ begin, beyond, full }, k) => ({
    axis: k + 1,
    start: begin,
    end: begin + beyond - full || TO_THE_END,
    step: 1,
  }))
  return strideOver(lower, tensor, { parts, result: { dtype: tensor.dtype, shape, holds } })
}

const TO_THE_END = 2 ** 31 - 1
