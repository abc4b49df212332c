// What networks are made of in a functional graph: windows, normalizations, attention, images. Convolutions and pooling are written as
// the layers that do the same. keras/src/ops/{nn,image}.py, tf.nn

import type { ConstantData } from '../build/constant-data.ts'
import type { Value } from '../build/graph-builder.ts'
import { depthToSpace, spaceToDepth } from '../tensorflow/blocks.ts'
import { binary, cast, unary, withNumber } from '../tensorflow/broadcast.ts'
import { einsum } from '../tensorflow/einsum.ts'
import { toChannelsFirst, toChannelsLast } from '../tensorflow/layout.ts'
import { reduce } from '../tensorflow/reduce.ts'
import { reshape, unsqueeze } from '../tensorflow/shapes.ts'
import { adaptivePoolings } from './adaptive-pooling.ts'
import { constantIn, isTensor, wholesIn } from './arguments.ts'
import { attentionMask, maskedSoftmax } from './attention-mask.ts'
import { convolutions } from './convolutions.ts'
import { images } from './images.ts'
import type { Argument } from './layer.ts'
import type { JsonRecord } from './layer-config.ts'
import { asTensor, axesIn, axisIn, flagIn, float, numberIn, type Operation, type WriteOperation } from './operation.ts'
import { poolings } from './pooling.ts'

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
  ['BiasAdd', (op) => biased(op)],
  ['Resize', resized],
  ['DepthToSpace', (op) => inChannelsFirst(op, (x) => depthToSpace(op.builder, x, numberIn(op, 'block_size')))],
  ['SpaceToDepth', (op) => inChannelsFirst(op, (x) => spaceToDepth(op.builder, x, numberIn(op, 'block_size')))],
])

const LAYERS = new Map(
  [...convolutions, ...poolings, ...adaptivePoolings, ...images].flatMap((kind) =>
    kind.classNames.map((name) => [name, kind] as const),
  ),
)

/** What the layer of that class makes of the first argument. */
function asLayer(op: Operation, className: string, values: JsonRecord, arrays = new Map<string, ConstantData>()): Value {
  const kind = LAYERS.get(className)
  if (kind === undefined) throw op.refuse(`works on ${axesOf(op)} axes, which is not written here`)
  const x = float(op, 0)
  const config = op.config.with({ ...values, data_format: isChannelsFirst(op) ? 'channels_first' : 'channels_last' })
  const { builder, dialect } = op
  const called = { inputs: [x], masks: [undefined], args: [x], kwargs: {}, kwargMasks: {} }
  const { outputs } = kind.write({
    builder,
    kind,
    dialect,
    className,
    name: className,
    config,
    arrays,
    children: new Map(),
    ...called,
  })
  return outputs[0]!
}

/** Spatial axes of the first argument. */
const axesOf = (op: Operation): number => float(op, 0).shape.length - 2

/** Keras says 'channels_first', TensorFlow 'NCHW'. */
function isChannelsFirst(op: Operation): boolean {
  const { data_format: format } = op.settings
  return format === 'channels_first' || (typeof format === 'string' && /^NC./.test(format))
}

/** Sizes along the spatial axes: one number for all, one for each, or one for every axis of the tensor as TensorFlow has it. */
function sizesIn(op: Operation, key: string): readonly number[] | number | null {
  const told = op.settings[key]
  if (told === undefined || told === null || typeof told === 'number') return told ?? null
  const sizes = wholesIn(told)
  const axes = axesOf(op)
  if (sizes === undefined) throw op.refuse(`has no numbers for its ${key}`)
  if (sizes.length === axes + 2) return isChannelsFirst(op) ? sizes.slice(2) : sizes.slice(1, -1)
  return sizes.length === 1 ? sizes[0]! : sizes
}

function paddingIn(op: Operation): string {
  const { padding = 'valid' } = op.settings
  if (typeof padding !== 'string') throw op.refuse('pads by numbers, which is not written here')
  return padding.toLowerCase()
}

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
  return asLayer(op, `${name}${axes}D`, values, arrays)
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

/** Mean and variance over axes, which stay. */
function spread({ builder }: Operation, x: Value, axes: readonly number[]) {
  const mean = reduce(builder, 'ReduceMean', x, { axes, keepDims: true })
  const centred = binary(builder, 'Sub', x, mean)
  const variance = reduce(builder, 'ReduceMean', binary(builder, 'Mul', centred, centred), { axes, keepDims: true })
  return { mean, centred, variance }
}

const lastAxis = (x: Value): number[] => [x.shape.length - 1]

function layerNormalized(op: Operation): Value {
  const x = float(op, 0)
  const axes = [...(axesIn(op, x.shape.length) ?? lastAxis(x))].sort((a, b) => a - b)
  const { centred, variance } = spread(op, x, axes)
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
  const { mean, variance } = spread(op, x, axes)
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

function inChannelsFirst(op: Operation, write: (x: Value) => Value): Value {
  const x = float(op, 0)
  if (x.shape.length !== 4) throw op.refuse(`is called with a tensor of ${x.shape.length} axes, not 4`)
  return isChannelsFirst(op) ? write(x) : toChannelsLast(op.builder, write(toChannelsFirst(op.builder, x)))
}
