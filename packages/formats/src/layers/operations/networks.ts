// What networks are made of in a functional graph: windows, normalizations, attention, images. Convolutions and pooling are written as
// the layers that do the same. keras/src/ops/{nn,image}.py, tf.nn

import { binary, cast, clip, scalar, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { meanAndVariance, reduce } from '@whyslow/graph/builder/reduce.ts'
import { reshape, squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { depthToSpace, spaceToDepth } from '../../tensorflow/blocks.ts'
import { localResponse } from '../../tensorflow/conv.ts'
import { einsum } from '../../tensorflow/einsum.ts'
import { inChannelsFirst as channelsFirst } from '../../tensorflow/layout.ts'
import { constantIn, isTensor, wholesIn } from '../arguments.ts'
import { attentionMask, maskedSoftmax } from '../attention-mask.ts'
import type { Argument } from '../layer.ts'
import { asLayer, axesOf, isChannelsFirst, paddingIn, sizesIn } from './as-layer.ts'
import { asTensor, axesIn, axisIn, flagIn, float, numberIn, type Operation, tensor, type WriteOperation } from './operation.ts'

export const networks: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Conv', (op) => convolved(op, 'Conv', ['kernel'])],
  ['DepthwiseConv', (op) => convolved(op, 'DepthwiseConv', ['depthwise_kernel'])],
  ['SeparableConv', (op) => convolved(op, 'SeparableConv', ['depthwise_kernel', 'pointwise_kernel'])],

  ['MaxPool', (op) => pooled(op, 'MaxPooling')],
  ['AveragePool', (op) => pooled(op, 'AveragePooling')],
  ['AdaptiveMaxPool', (op) => asLayer(op, `AdaptiveMaxPooling${axesOf(op)}D`, { output_size: sizesIn(op, 'output_size') })],
  [
    'AdaptiveAveragePool',
    (op) => asLayer(op, `AdaptiveAveragePooling${axesOf(op)}D`, { output_size: sizesIn(op, 'output_size') }),
  ],
  ['BatchNorm', batchNormalized],
  ['LayerNorm', layerNormalized],
  ['RMSNorm', rmsNormalized],
  ['Moments', moments],
  ['DotProductAttention', attention],
  ['BinaryCrossentropy', binaryCrossentropy],
  ['CategoricalCrossentropy', categoricalCrossentropy],
  ['SparseCategoricalCrossentropy', sparseCrossentropy],
  ['PSNR', signalToNoise],
  ['BiasAdd', (op) => biased(op)],
  ['LocalResponseNormalization', response],
  ['Resize', resized],
  ['DepthToSpace', (op) => inChannelsFirst(op, (x) => depthToSpace(op.builder, x, numberIn(op, 'block_size')))],
  ['SpaceToDepth', (op) => inChannelsFirst(op, (x) => spaceToDepth(op.builder, x, numberIn(op, 'block_size')))],
])

function kernelIn(op: Operation, value: Argument | undefined): ConstantData {
  const constant = isTensor(value) ? value.constant : constantIn(value, 'float32')
  if (constant === undefined) throw op.refuse('has a kernel that the model computes, which is not written here')
  return constant
}

function convolved(op: Operation, name: string, slots: readonly string[]): Value {
  const axes = axesOf(op)
  const arrays = new Map(slots.map((slot, k) => [slot, kernelIn(op, op.args[k + 1])]))
  const shape = arrays.get(slots[0]!)!.shape
  if (shape.length !== axes + 2) throw op.refuse(`has a kernel of ${shape.length} axes for ${axes} of the tensor`)
  const channels = float(op, 0).shape.at(isChannelsFirst(op) ? 1 : -1)
  const groups = name === 'Conv' && typeof channels === 'number' ? channels / shape.at(-2)! : 1

  const values = {
    kernel_size: shape.slice(0, -2),
    strides: sizesIn(op, 'strides') ?? 1,
    dilation_rate: sizesIn(op, 'dilation_rate') ?? 1,
    padding: paddingIn(op),
    groups,
    use_bias: false,
  }
  return asLayer(op, `${name}${axes}D`, values, { arrays })
}

const pooled = (op: Operation, name: string): Value =>
  asLayer(op, `${name}${axesOf(op)}D`, {
    pool_size: sizesIn(op, 'pool_size'),
    strides: sizesIn(op, 'strides'),
    padding: paddingIn(op),
  })

/** Argument `k`, or the one of that name; undefined if it is left out. In the shape that broadcasts along `axes` of `x`. */
function vectorInput(
  op: Operation,
  k: number,
  key: string,
  { x, axes }: { x: Value; axes: readonly number[] },
): Value | undefined {
  const told = op.args[k] ?? op.settings[key] ?? null
  if (told === null) return undefined
  const value = cast(op.builder, asTensor(op, told, x.dtype), x.dtype)
  if (value.shape.length === x.shape.length || value.shape.length === 0) return value
  if (value.shape.length !== axes.length) throw op.refuse(`has a ${key} that does not fit its axes`)
  const rest = [...value.shape]
  return reshape(
    op.builder,
    value,
    x.shape.map((_, axis) => (axes.includes(axis) ? rest.shift()! : 1)),
  )
}

function scaledAndShifted({ builder }: Operation, x: Value, scale: Value | undefined, shift: Value | undefined): Value {
  const scaled = scale === undefined ? x : binary(builder, 'Mul', x, scale)
  return shift === undefined ? scaled : binary(builder, 'Add', scaled, shift)
}

const inverseRoot = ({ builder }: Operation, x: Value, epsilon: number): Value =>
  unary(builder, 'Reciprocal', unary(builder, 'Sqrt', withNumber(builder, 'Add', x, epsilon)))

function batchNormalized(op: Operation): Value {
  const x = float(op, 0)
  const at = { x, axes: [axisIn(op, x.shape.length)] }
  const [mean, variance] = [vectorInput(op, 1, 'mean', at), vectorInput(op, 2, 'variance', at)]
  if (mean === undefined || variance === undefined) throw op.refuse('is called without its mean or variance')
  const centred = binary(op.builder, 'Sub', x, mean)
  const normal = binary(op.builder, 'Mul', centred, inverseRoot(op, variance, numberIn(op, 'epsilon', 1e-3)))
  return scaledAndShifted(op, normal, vectorInput(op, 4, 'scale', at), vectorInput(op, 3, 'offset', at))
}

const lastAxis = (x: Value): number[] => [x.shape.length - 1]

function layerNormalized(op: Operation): Value {
  const x = float(op, 0)
  const axes = [...(axesIn(op, x.shape.length) ?? lastAxis(x))].sort((a, b) => a - b)
  const { centred, variance } = meanAndVariance(op.builder, x, axes)
  const given = flagIn(op, 'rms_scaling') ? x : centred
  const normal = binary(op.builder, 'Mul', given, inverseRoot(op, variance, numberIn(op, 'epsilon', 1e-7)))
  const [gamma, beta] = [vectorInput(op, 1, 'gamma', { x, axes }), vectorInput(op, 2, 'beta', { x, axes })]
  return scaledAndShifted(op, normal, gamma, flagIn(op, 'rms_scaling') ? undefined : beta)
}

function rmsNormalized(op: Operation): Value {
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length) ?? lastAxis(x)
  const mean = reduce(op.builder, 'ReduceMean', binary(op.builder, 'Mul', x, x), { axes, keepDims: true })
  const normal = binary(op.builder, 'Mul', x, inverseRoot(op, mean, numberIn(op, 'epsilon', 1e-7)))
  return scaledAndShifted(op, normal, vectorInput(op, 1, 'scale', { x, axes }), undefined)
}

function moments(op: Operation): readonly Value[] {
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length, 'axes') ?? x.shape.map((_, k) => k)
  const { mean, variance } = meanAndVariance(op.builder, x, axes)
  const without = (value: Value): Value => reduce(op.builder, 'ReduceMean', value, { axes })
  return flagIn(op, 'keepdims') ? [mean, variance] : [without(mean), without(variance)]
}

/** [n, queries, heads, size], with as many heads of keys and values. */
function attention(op: Operation): Value {
  const { builder } = op
  const [query, key, value] = [0, 1, 2].map((k) => float(op, k)) as [Value, Value, Value]
  const [size, heads] = [query.shape[3], query.shape[2]]
  if (query.shape.length !== 4 || typeof size !== 'number' || [key, value].some(({ shape }) => shape[2] !== heads))
    throw op.refuse('attends with other heads of keys than of queries, which is not written here')
  const told = (k: number, name: string): Argument | undefined => op.args[k] ?? op.settings[name] ?? undefined
  const [bias, mask, scale] = [told(3, 'bias'), told(4, 'mask'), told(5, 'scale')]
  if (scale !== undefined && typeof scale !== 'number') throw op.refuse('is scaled by what the model computes')
  const raw = einsum(builder, 'btnh,bsnh->bnts', [query, key])!
  const scaled = withNumber(builder, 'Mul', raw, scale ?? 1 / Math.sqrt(size))
  const scores =
    bias === undefined ? scaled : binary(builder, 'Add', scaled, cast(builder, asTensor(op, bias, 'float32'), 'float32'))
  const causal = attentionMask(builder, { query, value: key, causal: flagIn(op, 'is_causal') })
  const masks = [
    ...(mask === undefined ? [] : [cast(builder, asTensor(op, mask, 'bool'), 'bool')]),
    ...(causal === undefined ? [] : [unsqueeze(builder, causal, [1])]),
  ]
  const seen = masks.length === 0 ? undefined : masks.reduce((a, b) => binary(builder, 'And', a, b))
  return einsum(builder, 'bnts,bsnh->btnh', [maskedSoftmax(builder, scores, { mask: seen, zeroed: false }), value])!
}

function biased(op: Operation): Value {
  const x = float(op, 0)
  const bias = vectorInput(op, 1, 'bias', { x, axes: [isChannelsFirst(op) ? 1 : x.shape.length - 1] })
  if (bias === undefined) throw op.refuse('is called without its bias')
  return binary(op.builder, 'Add', x, bias)
}

function resized(op: Operation): Value {
  const size = wholesIn(op.settings.size)
  if (size?.length !== 2) throw op.refuse('has a size that is not known')
  const { crop_to_aspect_ratio: crop, pad_to_aspect_ratio: pad, fill_value: fill } = op.settings
  return asLayer(op, 'Resizing', {
    height: size[0]!,
    width: size[1]!,
    interpolation: String(op.settings.interpolation ?? 'bilinear'),
    antialias: flagIn(op, 'antialias'),
    crop_to_aspect_ratio: crop === true,
    pad_to_aspect_ratio: pad === true,
    fill_value: typeof fill === 'number' ? fill : 0,
    fill_mode: String(op.settings.fill_mode ?? 'constant'),
  })
}

function response(op: Operation): Value {
  const [radius, alpha] = [numberIn(op, 'depth_radius', 5), numberIn(op, 'alpha', 1)]
  const parts = { radius, alpha, beta: numberIn(op, 'beta', 0.5), bias: numberIn(op, 'bias', 1) }
  return inChannelsFirst(op, (x) => localResponse(op.builder, x, parts))
}

function inChannelsFirst(op: Operation, write: (x: Value) => Value): Value {
  const x = float(op, 0)
  if (x.shape.length !== 4) throw op.refuse(`is called with a tensor of ${x.shape.length} axes, not 4`)
  return channelsFirst(op.builder, x, isChannelsFirst(op), write)
}

/** What Keras keeps probabilities away from 0 and 1 by. */
const EPSILON = 1e-7

const logits = (op: Operation): boolean => flagIn(op, 'from_logits')

function binaryCrossentropy(op: Operation): Value {
  const { builder } = op
  const [target, output] = [float(op, 0), float(op, 1)]
  const less = (a: Value): Value => binary(builder, 'Sub', scalar(builder, a.dtype, 1), a)
  // max(x, 0) - x·z + log(1 + exp(-|x|))
  if (logits(op)) {
    const rest = unary(builder, 'Softplus', unary(builder, 'Neg', unary(builder, 'Abs', output)))
    const linear = binary(builder, 'Sub', unary(builder, 'Relu', output), binary(builder, 'Mul', output, target))
    return binary(builder, 'Add', linear, rest)
  }
  const p = clip(builder, output, EPSILON, 1 - EPSILON)
  const log = (x: Value): Value => unary(builder, 'Log', x)
  const right = binary(builder, 'Mul', target, log(p))
  return unary(builder, 'Neg', binary(builder, 'Add', right, binary(builder, 'Mul', less(target), log(less(p)))))
}

/** Logarithms of the probabilities of the classes along `axis`. */
function logProbabilities(op: Operation, axis: number): Value {
  const { builder } = op
  const output = float(op, 1)
  if (logits(op)) return unary(builder, 'LogSoftmax', output, { axis })
  const share = binary(builder, 'Div', output, reduce(builder, 'ReduceSum', output, { axes: [axis], keepDims: true }))
  return unary(builder, 'Log', clip(builder, share, EPSILON, 1 - EPSILON))
}

function categoricalCrossentropy(op: Operation): Value {
  const { builder } = op
  const target = float(op, 0)
  const axis = axisIn(op, target.shape.length, { fallback: -1 })
  const product = binary(builder, 'Mul', target, logProbabilities(op, axis))
  return unary(builder, 'Neg', reduce(builder, 'ReduceSum', product, { axes: [axis] }))
}

/** Targets are numbers of classes. */
function sparseCrossentropy(op: Operation): Value {
  const { builder } = op
  const [target, output] = [cast(builder, tensor(op, 0), 'int64'), float(op, 1)]
  const axis = axisIn(op, output.shape.length, { fallback: -1 })
  const index = target.shape.length === output.shape.length ? target : unsqueeze(builder, target, [axis])
  // Keras takes logarithms of what is told, and a softmax of those.
  const p = logits(op) ? output : unary(builder, 'Log', clip(builder, output, EPSILON, 1 - EPSILON))
  const log = unary(builder, 'LogSoftmax', p, { axis })
  const found = builder.op('GatherElements', [log, index], { dtype: log.dtype, shape: index.shape }, { axis })
  return unary(builder, 'Neg', squeeze(builder, found, [axis]))
}

function signalToNoise(op: Operation): Value {
  const { builder } = op
  const difference = binary(builder, 'Sub', float(op, 0), float(op, 1))
  const error = reduce(builder, 'ReduceMean', binary(builder, 'Mul', difference, difference))
  const decibels = withNumber(builder, 'Mul', unary(builder, 'Log', error), -10 / Math.LN10)
  return withNumber(builder, 'Add', decibels, 20 * Math.log10(numberIn(op, 'max_val')))
}
