// Normalization, of which TFLite knows none but LOCAL_RESPONSE_NORMALIZATION. BatchNormalization is a factor and a sum, which are folded
// into the convolution before them (fold.ts); the others are written out.
import type { ConstantData } from '../../../build/constant-data.ts'
import { transposed } from '../../../build/constant-data.ts'
import type { LiteTensor } from '../lite-graph.ts'
import { options } from '../lite-writer.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { channelsLast, identity, liteAxis } from '../order.ts'
import { arithmetic } from './arithmetic.ts'
import { reduce } from './reduce.ts'
import { float, fromFront, int, type Rules } from './rule.ts'

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
  const [outputName] = node.outputs as [string]
  const rank = lower.shape(inputName).length
  const [gamma, beta, mean, variance] = parameters.map((name) => weightsOf(lower, name, 'parameters')) as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ]
  const epsilon = Math.fround(float(node, 'epsilon', 1e-5))
  // In float32 step by step, as TensorFlow's converter folds it, so that weights round alike.
  const factors = gamma.map((one, k) => one * Math.fround(1 / Math.fround(Math.sqrt(Math.fround(variance[k]! + epsilon)))))
  const sums = beta.map((one, k) => one - Math.fround(mean[k]! * factors[k]!))
  const order = rank > 2 ? channelsLast(rank) : identity(rank)
  const x = lower.ordered(inputName, order)
  const { multiply, add } = arithmetic(lower, x)
  const scaled = multiply(x, lower.floats([factors.length], factors))
  lower.place(
    outputName,
    add(scaled, lower.floats([sums.length], sums), { dtype: x.dtype, shape: x.shape, holds: outputName }),
    order,
  )
}

interface Normal {
  readonly axes: readonly number[]
  readonly epsilon: number
}

/** (x - mean) / √(variance + epsilon) over axes of the tensor. */
function normalized(lower: Lowerer, x: LiteTensor, { axes, epsilon }: Normal): LiteTensor {
  const mean = reduce(lower, 'MEAN', { x, axes, keep: true })
  const like = { dtype: x.dtype, shape: x.shape }
  const squares = lower.op('SQUARED_DIFFERENCE', [x, mean], like, options('SquaredDifferenceOptions'))
  const variance = reduce(lower, 'MEAN', { x: squares, axes, keep: true })
  const small = arithmetic(lower, variance)
  const factor = small.of('RSQRT', small.add(variance, small.number(epsilon)))
  const { multiply, subtract } = arithmetic(lower, x)
  return multiply(subtract(x, mean), factor)
}

function layerNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName] = node.inputs as [string, string, string?]
  const [outputName, ...others] = node.outputs as [string, ...string[]]
  if (others.some((name) => name !== '')) lower.refuse('it gives mean and deviation, too')
  const order = lower.order(inputName)
  const axis = fromFront(int(node, 'axis', -1), order.length)
  const axes = identity(order.length)
    .slice(axis)
    .map((one) => liteAxis(order, one))
    .sort((a, b) => a - b)
  const x = lower.asItLies(inputName)
  const { multiply, add } = arithmetic(lower, x)
  const result = { dtype: x.dtype, shape: x.shape, holds: outputName }
  const constant = (name: string): LiteTensor => {
    const given = lower.constant(name) ?? lower.refuse('its scale and bias must be constant')
    return lower.constantTensor(inOrder(given, order), name)
  }
  const normal = normalized(lower, x, { axes, epsilon: float(node, 'epsilon', 1e-5) })
  const none = biasName === undefined || biasName === ''
  const scaled = multiply(normal, constant(scaleName), none ? result : undefined)
  lower.place(outputName, none ? scaled : add(scaled, constant(biasName), result), order)
}

/** A constant of the last axes, at the rank of `order` where that moves them. */
function inOrder(constant: ConstantData, order: readonly number[]): ConstantData {
  if (order.every((axis, k) => axis === k)) return constant
  return transposed(
    { ...constant, shape: [...new Array<number>(order.length - constant.shape.length).fill(1), ...constant.shape] },
    order,
  )
}

function instanceNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName] = node.inputs as [string, string, string]
  const [outputName] = node.outputs as [string]
  const order = channelsLast(lower.shape(inputName).length)
  const x = lower.ordered(inputName, order)
  const { multiply, add } = arithmetic(lower, x)
  const normal = normalized(lower, x, { axes: identity(order.length).slice(1, -1), epsilon: float(node, 'epsilon', 1e-5) })
  const [scale, bias] = [weightsOf(lower, scaleName, 'scale'), weightsOf(lower, biasName, 'bias')]
  const scaled = multiply(normal, lower.floats([scale.length], scale))
  lower.place(
    outputName,
    add(scaled, lower.floats([bias.length], bias), { dtype: x.dtype, shape: x.shape, holds: outputName }),
    order,
  )
}

/** Channels of a group lie side by side: they become an axis of their own meanwhile. */
function groupNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName, scaleName, biasName] = node.inputs as [string, string, string]
  const [outputName] = node.outputs as [string]
  const order = channelsLast(lower.shape(inputName).length)
  const x = lower.ordered(inputName, order)
  const channels = x.shape.at(-1)
  const groups = int(node, 'num_groups', 1)
  if (typeof channels !== 'number') {
    lower.refuse('how many channels there are is free')
    return
  }
  const apart = lower.reshape(x, [...x.shape.slice(0, -1), groups, channels / groups])
  const axes = identity(apart.shape.length).filter((axis) => axis !== 0 && axis !== apart.shape.length - 2)
  const normal = lower.reshape(normalized(lower, apart, { axes, epsilon: float(node, 'epsilon', 1e-5) }), x.shape)
  const each = (values: Float32Array) =>
    lower.floats(
      [channels],
      Float32Array.from(
        { length: channels },
        (_, k) => values[values.length === groups && groups !== channels ? Math.floor((k * groups) / channels) : k]!,
      ),
    )
  const { multiply, add } = arithmetic(lower, x)
  const scaled = multiply(normal, each(weightsOf(lower, scaleName, 'scale')))
  const bias = each(weightsOf(lower, biasName, 'bias'))
  lower.place(outputName, add(scaled, bias, { dtype: x.dtype, shape: x.shape, holds: outputName }), order)
}

function lpNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const order = lower.order(inputName)
  const axes = [liteAxis(order, int(node, 'axis', -1))]
  const x = lower.asItLies(inputName)
  const { abs, multiply, divide } = arithmetic(lower, x)
  const absolute = int(node, 'p', 2) === 1
  const sum = reduce(lower, 'SUM', { x: absolute ? abs(x) : multiply(x, x), axes, keep: true })
  const length = absolute ? sum : lower.op('SQRT', [sum], sum)
  lower.place(outputName, divide(x, length, { dtype: x.dtype, shape: x.shape, holds: outputName }), order)
}

/** TFLite's alpha is of each channel, ONNX's of their mean. */
function responseNormalization(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const size = int(node, 'size', 1)
  if (size % 2 === 0) lower.refuse(`size ${size} is even`)
  const order = channelsLast(lower.shape(inputName).length)
  if (order.length !== 4) lower.refuse('its input has not two spatial axes')
  const x = lower.ordered(inputName, order)
  const fields = {
    radius: (size - 1) / 2,
    bias: float(node, 'bias', 1),
    alpha: float(node, 'alpha', 1e-4) / size,
    beta: float(node, 'beta', 0.75),
  }
  const given = options('LocalResponseNormalizationOptions', fields)
  lower.place(
    outputName,
    lower.op('LOCAL_RESPONSE_NORMALIZATION', [x], { dtype: x.dtype, shape: x.shape, holds: outputName }, given),
    order,
  )
}
