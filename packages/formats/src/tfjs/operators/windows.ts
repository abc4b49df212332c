import { binary } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { meanAndVariance, overDeviation } from '@whyslow/graph/builder/reduce.ts'
import { crop, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { depthToSpace, spaceToDepth } from '../../tensorflow/blocks.ts'
import { convolution, depthwiseConvolution, localResponse, pooling, transposedConvolution } from '../../tensorflow/conv.ts'
import { inChannelsFirst } from '../../tensorflow/layout.ts'
import { type Padding, spanOf, type Window } from '../../tensorflow/window.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'
import { recordConvolution, recordFusion } from './dilation.ts'
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
  if (!isWhole) throw call.refuse('has a window with sizes that are not positive numbers; convert the model again')
  return window
}

/** The kernel, which must have as many spatial axes as the input. */
/** The input of this place, a kernel for it, where the channels are and how many, and the window. */
function convolutionParts(call: OperatorCall, place = 0) {
  const [input, weights] = [call.input(place), call.constant(1, 'kernel')]
  if (weights.shape.length !== input.shape.length || weights.shape.length < 3)
    throw call.refuse(
      `has a kernel of ${weights.shape.length} axes for an input of ${input.shape.length}; convert the model again`,
    )
  const channelsFirst = isChannelsFirst(call)
  const channels = input.shape.at(channelsFirst ? 1 : -1)
  return { input, weights, channelsFirst, channels, window: windowOf(call, weights.shape.slice(0, -2)) }
}

const convolve: OperatorWriter = (call) => {
  const { input, weights, channelsFirst, channels, window } = convolutionParts(call)
  const [inputs = 1, outputs = 1] = weights.shape.slice(-2)
  const groups = typeof channels === 'number' ? channels / inputs : 1
  if (!Number.isInteger(groups) || groups < 1 || outputs % groups !== 0)
    throw call.refuse(`has a kernel for ${inputs} channels and an input of ${channels}; convert the model again`)
  return noted(input, window, (x, changed = {}) =>
    convolution(call.builder, { ...window, ...changed, input: x, weights, groups, channelsFirst }),
  )
}

/** What may be a part of a convolution with holes is remembered. */
function noted(
  input: Value,
  { strides, dilations, padding }: Window,
  write: (x: Value, changed?: Partial<Window>) => Value,
): Value {
  const result = write(input)
  const isPlain = padding === 'valid' && [...strides, ...dilations].every((one) => one === 1)
  if (isPlain) recordConvolution(input, result, write)
  return result
}

const depthwise: OperatorWriter = (call) => {
  const { input, weights, channelsFirst, channels, window } = convolutionParts(call)
  if (typeof channels === 'number' && channels !== weights.shape.at(-2))
    throw call.refuse(`has a kernel for ${weights.shape.at(-2)} channels and an input of ${channels}; convert the model again`)
  return noted(input, window, (x, changed = {}) =>
    depthwiseConvolution(call.builder, { ...window, ...changed, input: x, weights, channelsFirst }),
  )
}

/**
 * The gradient of a convolution: the sizes of its result come first, then the kernel, then the input. Explicit pads: all cells are
 * made, and those of the pads cut off.
 */
const transposeConvolve: OperatorWriter = (call) => {
  const { input, weights, channelsFirst, window } = convolutionParts(call, 2)
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
  return crop(call.builder, whole, first, pads)
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
  return inChannelsFirst(call.builder, x, isChannelsFirst(call), (turned) => write(call.builder, turned))
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
  const { centred, variance } = meanAndVariance(builder, x, axes)
  const normalized = overDeviation(builder, centred, variance, epsilon)
  return binary(builder, 'Add', binary(builder, 'Mul', normalized, perChannel(scale)), perChannel(offset))
}

const response: OperatorWriter = (call) => {
  const { node } = call
  const [radius, alpha] = [node.number('depth_radius', 5), node.number('alpha', 1)]
  const parts = { radius, alpha, beta: node.number('beta', 0.5), bias: node.number('bias', 1) }
  return channelsFirst(call, call.input(0), (builder, x) => localResponse(builder, x, parts))
}

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
  LRN: response,
  DepthToSpace: blocked(depthToSpace),
  SpaceToDepth: blocked(spaceToDepth),
}

/** A fused BatchNorm has its four arrays behind the kernel, and may be followed by an activation. */
function fusedConvolution(call: OperatorCall, x: Value): Value {
  const result = fusedBehind(call, x)
  recordFusion(x, result, (value) => fusedBehind(call, value))
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
