// Convolutions, pooling, and what works on channels: in TensorFlow's layouts, NHWC or NCHW, kernels with their spatial axes first.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/ops/nn_ops.cc
import type { Dimension } from '@whyslow/graph/types.ts'
import type { ConstantData } from '../../build/constant-data.ts'
import type { GraphBuilder, Value } from '../../build/graph-builder.ts'
import { depthToSpace, spaceToDepth } from '../../tensorflow/blocks.ts'
import { binary, unary, withNumber } from '../../tensorflow/broadcast.ts'
import { convolution, depthwiseConvolution, pooling, transposedConvolution } from '../../tensorflow/conv.ts'
import { toChannelsFirst, toChannelsLast } from '../../tensorflow/layout.ts'
import { reduce } from '../../tensorflow/reduce.ts'
import { slice, unsqueeze } from '../../tensorflow/shapes.ts'
import { type Padding, spanOf, type Window } from '../../tensorflow/window.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'
import { noteConvolved, noteFused } from './dilation.ts'
import { applyFusedOperators } from './matrices.ts'

/** Is the axis of channels the second? Lists of the node then have their spatial numbers last. */
const isChannelsFirst = (call: OperatorCall): boolean => /^NC/i.test(call.node.text('data_format', 'NHWC'))

/** The spatial numbers of a list over all axes. */
function spatial(call: OperatorCall, list: readonly number[], count: number, fallback: number): readonly number[] {
  if (list.length === 0) return new Array<number>(count).fill(fallback)
  if (list.length !== count + 2) throw call.refuse(`has ${list.length} numbers for ${count + 2} axes; convert the model again`)
  return isChannelsFirst(call) ? list.slice(2) : list.slice(1, -1)
}

function paddingOf(call: OperatorCall, count: number): Padding {
  const padding = call.node.text('padding', 'VALID').toUpperCase()
  if (padding === 'SAME') return 'same'
  if (padding === 'VALID') return 'valid'
  const cells = call.node.numbers('explicit_paddings')
  if (padding !== 'EXPLICIT' || cells.length !== 2 * (count + 2))
    throw call.refuse(`pads by '${padding}', which is not known; convert the model again`)
  const from = isChannelsFirst(call) ? 2 : 1
  return Array.from({ length: count }, (_, k) => [cells[2 * (from + k)]!, cells[2 * (from + k) + 1]!] as const)
}

function windowOf(call: OperatorCall, kernel: readonly number[]): Window {
  const { node } = call
  const count = kernel.length
  const window = {
    kernel,
    strides: spatial(call, node.numbers('strides'), count, 1),
    dilations: spatial(call, node.numbers('dilations'), count, 1),
    padding: paddingOf(call, count),
  }
  const isWhole = [...kernel, ...window.strides, ...window.dilations].every((one) => Number.isInteger(one) && one > 0)
  if (!isWhole) throw call.refuse('has a window with sizes that are no positive numbers; convert the model again')
  return window
}

/** The kernel, which must have as many spatial axes as the input. */
function kernelOf(call: OperatorCall, index: number, input: Value): ConstantData {
  const weights = call.constant(index, 'kernel')
  if (weights.shape.length !== input.shape.length || weights.shape.length < 3)
    throw call.refuse(
      `has a kernel of ${weights.shape.length} axes for an input of ${input.shape.length}; convert the model again`,
    )
  return weights
}

const convolve: OperatorWriter = (call) => {
  const input = call.input(0)
  const weights = kernelOf(call, 1, input)
  const channelsFirst = isChannelsFirst(call)
  const channels = input.shape.at(channelsFirst ? 1 : -1)
  const [inputs = 1, outputs = 1] = weights.shape.slice(-2)
  const groups = typeof channels === 'number' ? channels / inputs : 1
  if (!Number.isInteger(groups) || groups < 1 || outputs % groups !== 0)
    throw call.refuse(`has a kernel for ${inputs} channels and an input of ${channels}; convert the model again`)
  const window = windowOf(call, weights.shape.slice(0, -2))
  const write = (x: Value, changed: Partial<Window> = {}) =>
    convolution(call.builder, { ...window, ...changed, input: x, weights, groups, channelsFirst })
  return noted(input, window, write)
}

/** What may be a part of a convolution with holes is remembered. */
function noted(
  input: Value,
  { strides, dilations, padding }: Window,
  write: (x: Value, changed?: Partial<Window>) => Value,
): Value {
  const result = write(input)
  const isPlain = padding === 'valid' && [...strides, ...dilations].every((one) => one === 1)
  if (isPlain) noteConvolved(input, result, write)
  return result
}

const depthwise: OperatorWriter = (call) => {
  const input = call.input(0)
  const weights = kernelOf(call, 1, input)
  const channelsFirst = isChannelsFirst(call)
  const channels = input.shape.at(channelsFirst ? 1 : -1)
  if (typeof channels === 'number' && channels !== weights.shape.at(-2))
    throw call.refuse(`has a kernel for ${weights.shape.at(-2)} channels and an input of ${channels}; convert the model again`)
  const window = windowOf(call, weights.shape.slice(0, -2))
  const write = (x: Value, changed: Partial<Window> = {}) =>
    depthwiseConvolution(call.builder, { ...window, ...changed, input: x, weights, channelsFirst })
  return noted(input, window, write)
}

/**
 * The gradient of a convolution: the sizes of its result come first, then the kernel, then the input. Explicit pads: all cells are
 * made, and those of the pads cut off.
 */
const transposeConvolve: OperatorWriter = (call) => {
  const input = call.input(2)
  const weights = kernelOf(call, 1, input)
  const channelsFirst = isChannelsFirst(call)
  const window = windowOf(call, weights.shape.slice(0, -2))
  const pads = typeof window.padding === 'string' ? undefined : window.padding
  const first = channelsFirst ? 2 : 1
  const asked = (call.list(0) ?? []).slice(first)
  const outputPadding = window.kernel.map((kernel, axis) => {
    const [size, given, stride] = [input.shape[first + axis], asked[axis], window.strides[axis]!]
    if (typeof size !== 'number' || typeof given !== 'number') return null
    const span = spanOf(kernel, window.dilations[axis]!)
    const [begin, end] = pads?.[axis] ?? [0, 0]
    return begin + given + end - (size - 1) * stride - (window.padding === 'same' ? span % 2 : span)
  })
  const padding = pads === undefined ? window.padding : 'valid'
  const whole = transposedConvolution(call.builder, { ...window, padding, input, weights, channelsFirst, outputPadding })
  if (pads === undefined) return whole
  return slice(
    call.builder,
    whole,
    pads.map(([begin, end], k) => ({ axis: first + k, start: begin, end: end === 0 ? undefined : -end })),
  )
}

const pool =
  (mode: 'max' | 'average'): OperatorWriter =>
  (call) => {
    const input = call.input(0)
    const kernel = spatial(call, call.node.numbers('ksize'), input.shape.length - 2, 1)
    return pooling(call.builder, { ...windowOf(call, kernel), input, mode, channelsFirst: isChannelsFirst(call) })
  }

/** `write` in channels first, whatever the layout of the node. */
export function channelsFirst(call: OperatorCall, x: Value, write: (builder: GraphBuilder, x: Value) => Value): Value {
  const { builder } = call
  if (isChannelsFirst(call)) return write(builder, x)
  return toChannelsLast(builder, write(builder, toChannelsFirst(builder, x)))
}

/** Normalizes with the stored mean and variance. Training gives none: then those of the batch itself (Keras' LayerNormalization is written so). */
const batchNorm: OperatorWriter = (call) => {
  const { node } = call
  const epsilon = node.number('epsilon', 0.001)
  const [scale, offset, mean, variance] = [1, 2, 3, 4].map((k) => call.input(k))
  return channelsFirst(call, call.input(0), (builder, x) => {
    if (mean!.shape[0] === 0) return normalizedByBatch(builder, x, { scale: scale!, offset: offset!, epsilon })
    return builder.op('BatchNormalization', [x, scale, offset, mean, variance], x, { epsilon: { float: epsilon } })
  })
}

function normalizedByBatch(
  builder: GraphBuilder,
  x: Value,
  { scale, offset, epsilon }: { readonly scale: Value; readonly offset: Value; readonly epsilon: number },
): Value {
  const axes = x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]))
  const perChannel = (value: Value) =>
    unsqueeze(
      builder,
      value,
      x.shape.slice(2).map((_, k) => k + 1),
    )
  const centred = binary(builder, 'Sub', x, reduce(builder, 'ReduceMean', x, { axes, keepDims: true }))
  const variance = reduce(builder, 'ReduceMean', binary(builder, 'Mul', centred, centred), { axes, keepDims: true })
  const deviation = unary(builder, 'Sqrt', withNumber(builder, 'Add', variance, epsilon))
  const normalized = binary(builder, 'Div', centred, deviation)
  return binary(builder, 'Add', binary(builder, 'Mul', normalized, perChannel(scale)), perChannel(offset))
}

/** Alpha is not divided by the size of the window here, and is by ONNX. */
const localResponse: OperatorWriter = (call) => {
  const { node } = call
  const size = 2 * node.number('depth_radius', 5) + 1
  const x = call.input(0)
  const attributes = {
    size,
    alpha: { float: node.number('alpha', 1) * size },
    beta: { float: node.number('beta', 0.5) },
    bias: { float: node.number('bias', 1) },
  }
  return toChannelsLast(call.builder, call.op('LRN', [toChannelsFirst(call.builder, x)], channelsFirstType(x), attributes))
}

const channelsFirstType = ({ dtype, shape }: Value) => ({
  dtype,
  shape: [shape[0]!, shape.at(-1)!, ...shape.slice(1, -1)] as Dimension[],
})

const blocked =
  (write: typeof depthToSpace): OperatorWriter =>
  (call) => {
    const block = call.node.number('block_size', 2)
    if (!Number.isInteger(block) || block < 1) throw call.refuse(`has blocks of ${block}; convert the model again`)
    return channelsFirst(call, call.input(0), (builder, x) => write(builder, x, block))
  }

export const WINDOWS: OperatorTable = {
  Conv2D: convolve,
  Conv3D: convolve,
  _FusedConv2D: (call) => fusedConvolution(call, convolve(call) as Value),
  DepthwiseConv2d: depthwise,
  DepthwiseConv2dNative: depthwise,
  FusedDepthwiseConv2dNative: (call) => fusedConvolution(call, depthwise(call) as Value),
  _FusedDepthwiseConv2dNative: (call) => fusedConvolution(call, depthwise(call) as Value),
  Conv2DBackpropInput: transposeConvolve,
  Conv3DBackpropInputV2: transposeConvolve,
  AvgPool: pool('average'),
  AvgPool3D: pool('average'),
  MaxPool: pool('max'),
  MaxPool3D: pool('max'),
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  LRN: localResponse,
  DepthToSpace: blocked(depthToSpace),
  SpaceToDepth: blocked(spaceToDepth),
}

/** A fused BatchNorm has its four arrays behind the kernel, and may be followed by an activation. */
function fusedConvolution(call: OperatorCall, x: Value): Value {
  const result = fusedBehind(call, x)
  noteFused(x, result, (value) => fusedBehind(call, value))
  return result
}

function fusedBehind(call: OperatorCall, x: Value): Value {
  const [first] = call.node.texts('fused_ops')
  if (first !== 'FusedBatchNorm') return applyFusedOperators(call, x, 2)
  const attributes = { epsilon: { float: call.node.number('epsilon', 0.001) } }
  const arrays = [2, 3, 4, 5].map((k) => call.input(k))
  const value = channelsFirst(call, x, (builder, inner) =>
    builder.op('BatchNormalization', [inner, ...arrays], inner, attributes),
  )
  return applyFusedOperators(call, value, 6)
}
