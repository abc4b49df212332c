// Normalization, of which TFLite knows none but LOCAL_RESPONSE_NORMALIZATION. BatchNormalization is a factor and a sum, which are folded
// into the convolution before them (fold.ts); the others are written out.

import { type ConstantData, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { identity, isIdentity } from '@whyslow/graph/builder/permutation.ts'
import { axisFromFront, numberAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import { type Lowerer, type OnnxNode, ofRank } from '../lowerer.ts'
import { channelsLast, liteAxis } from '../order.ts'
import { arithmetic } from './arithmetic.ts'
import { reduce } from './reduce.ts'
import { ofOne, type Rules } from './rule.ts'

export const NORMS: Rules = {
  BatchNormalization: batchNormalization,
  GroupNormalization: groupNormalization,
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
  LRN: responseNormalization,
}

function weightsOf(lower: Lowerer, name: string, what: string): Float32Array {
  const constant = lower.constant(name)
  return constant?.data instanceof Float32Array ? constant.data : lower.refuse(`its ${what} must be constant float32`)
}

function batchNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, ...parameters] = node.inputs as [string, string, string, string, string]
  const rank = lower.shape(inputName).length
  const [gamma, beta, mean, variance] = parameters.map((name) => weightsOf(lower, name, 'parameters')) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const epsilon = Math.fround(numberAttribute(node, 'epsilon', 1e-5))
  // In float32 step by step, as TensorFlow's converter folds it, so that weights round alike.
  const factors = gamma.map((one, k) => one * Math.fround(1 / Math.fround(Math.sqrt(Math.fround(variance[k]! + epsilon)))))
  const sums = beta.map((one, k) => one - Math.fround(mean[k]! * factors[k]!))
  scaledAndShifted(lower, node, (x) => x, { scale: factors, bias: sums, order: rank > 2 ? channelsLast(rank) : identity(rank) })
}

interface Channels {
  /** One number for each channel. */
  readonly scale: Float32Array
  readonly bias: Float32Array
  readonly order: readonly number[]
}

/** What `write` makes of the operand, times the scale of each channel, and its bias added. */
function scaledAndShifted(
  lower: Lowerer,
  node: OnnxNode,
  write: (x: LiteTensor) => LiteTensor,
  { scale, bias, order }: Channels,
): void {
  const shift = (x: LiteTensor, result: Parameters<Lowerer['op']>[2]) => {
    const { multiply, add } = arithmetic(lower, x)
    return add(multiply(write(x), lower.floats([scale.length], scale)), lower.floats([bias.length], bias), result)
  }
  ofOne(lower, node, shift, order)
}

interface Normal {
  readonly axes: readonly number[]
  readonly epsilon: number
}

/** (x - mean) / √(variance + epsilon) over axes of the tensor. */
function normalized(lower: Lowerer, x: LiteTensor, { axes, epsilon }: Normal): LiteTensor {
  const mean = reduce(lower, 'MEAN', { x, axes, keep: true })
  const like = { dtype: x.dtype, shape: x.shape }
  const squares = lower.op('SQUARED_DIFFERENCE', [x, mean], like)
  const variance = reduce(lower, 'MEAN', { x: squares, axes, keep: true })
  const small = arithmetic(lower, variance)
  const factor = small.of('RSQRT', small.add(variance, small.number(epsilon)))
  const { multiply, subtract } = arithmetic(lower, x)
  return multiply(subtract(x, mean), factor)
}

function layerNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName = ''] = node.inputs as [string, string, string?]
  if (node.outputs.slice(1).some((name) => name !== '')) lower.refuse('it gives mean and deviation, too')
  const order = lower.order(inputName)
  const axes = identity(order.length)
    .slice(axisFromFront(numberAttribute(node, 'axis', -1), order.length))
    .map((one) => liteAxis(order, one))
    .sort((a, b) => a - b)
  const constant = (name: string): LiteTensor => {
    const given = lower.constant(name) ?? lower.refuse('its scale and bias must be constant')
    return lower.constantTensor(inOrder(given, order), name)
  }
  ofOne(lower, node, (x, result) => {
    const { multiply, add } = arithmetic(lower, x)
    const normal = normalized(lower, x, { axes, epsilon: numberAttribute(node, 'epsilon', 1e-5) })
    const scaled = multiply(normal, constant(scaleName), biasName === '' ? result : undefined)
    return biasName === '' ? scaled : add(scaled, constant(biasName), result)
  })
}

/** A constant of the last axes, at the rank of `order` where that moves them. */
function inOrder(constant: ConstantData, order: readonly number[]): ConstantData {
  if (isIdentity(order)) return constant
  return transposeConstant(ofRank(constant, order.length), order)
}

function instanceNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName] = node.inputs as [string, string, string]
  const order = channelsLast(lower.shape(inputName).length)
  const parts = { axes: identity(order.length).slice(1, -1), epsilon: numberAttribute(node, 'epsilon', 1e-5) }
  const [scale, bias] = [weightsOf(lower, scaleName, 'scale'), weightsOf(lower, biasName, 'bias')]
  scaledAndShifted(lower, node, (x) => normalized(lower, x, parts), { scale, bias, order })
}

/** Channels of a group lie side by side: they become an axis of their own meanwhile. */
function groupNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName] = node.inputs as [string, string, string]
  const shape = lower.shape(inputName)
  const channels = typeof shape[1] === 'number' ? shape[1] : lower.refuse('how many channels there are is free')
  const groups = numberAttribute(node, 'num_groups', 1)
  const each = (name: string, what: string) => {
    const values = weightsOf(lower, name, what)
    const perGroup = values.length === groups && groups !== channels
    return Float32Array.from({ length: channels }, (_, k) => values[perGroup ? Math.floor((k * groups) / channels) : k]!)
  }
  const write = (x: LiteTensor) => {
    const apart = lower.reshape(x, [...x.shape.slice(0, -1), groups, channels / groups])
    const axes = identity(apart.shape.length).filter((axis) => axis !== 0 && axis !== apart.shape.length - 2)
    return lower.reshape(normalized(lower, apart, { axes, epsilon: numberAttribute(node, 'epsilon', 1e-5) }), x.shape)
  }
  const [scale, bias] = [each(scaleName, 'scale'), each(biasName, 'bias')]
  scaledAndShifted(lower, node, write, { scale, bias, order: channelsLast(shape.length) })
}

function lpNormalization(lower: Lowerer, node: OnnxNode): void {
  const axes = [liteAxis(lower.order(node.inputs[0]!), numberAttribute(node, 'axis', -1))]
  const absolute = numberAttribute(node, 'p', 2) === 1
  ofOne(lower, node, (x, result) => {
    const { abs, multiply, divide } = arithmetic(lower, x)
    const sum = reduce(lower, 'SUM', { x: absolute ? abs(x) : multiply(x, x), axes, keep: true })
    return divide(x, absolute ? sum : lower.op('SQRT', [sum], sum), result)
  })
}

/** TFLite's alpha is of each channel, ONNX's of their mean. */
function responseNormalization(lower: Lowerer, node: OnnxNode): void {
  const size = numberAttribute(node, 'size', 1)
  if (size % 2 === 0) lower.refuse(`size ${size} is even`)
  const order = channelsLast(lower.shape(node.inputs[0]!).length)
  if (order.length !== 4) lower.refuse('its input has not two spatial axes')
  const fields = {
    radius: (size - 1) / 2,
    bias: numberAttribute(node, 'bias', 1),
    alpha: numberAttribute(node, 'alpha', 1e-4) / size,
    beta: numberAttribute(node, 'beta', 0.75),
  }
  ofOne(lower, node, (x, result) => lower.op('LOCAL_RESPONSE_NORMALIZATION', [x], result, fields), order)
}
