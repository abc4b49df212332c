// What a model does first with an image, followed in the model itself: numbers added and multiplied, channels in another order, the first
// convolution, and the batch normalization behind it, whose stored mean and variance say which values it was trained on.
import { attributeOf } from '@whyslow/graph/attributes.ts'
import { type Constant, constantsIn, readBytes } from '@whyslow/graph/constants.ts'
import { decodeNumbers } from '@whyslow/graph/decode.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { linksOf } from '@whyslow/graph/walk.ts'
import type { NodeProto } from 'onnx-buf'
import type { Convolution } from './convolution.ts'
import { joinedPlaces, type Places, unfoldConvolution } from './space-to-depth.ts'

/** One number for each channel. */
export interface Moments {
  readonly mean: readonly number[]
  readonly variance: readonly number[]
}

export interface FirstLayers {
  /** What becomes of a value before the convolution: value x scale + shift, for each channel. */
  readonly scale: readonly number[]
  readonly shift: readonly number[]
  /** The channel of the image that each channel reads. */
  readonly order: readonly number[]
  /** Lowest and highest value that a quantized model distinguishes; null: it does not quantize its input. */
  readonly quantizedTo: readonly [number, number] | null
  /** What a batch normalization of the input itself stores, before any convolution. */
  readonly inputMoments: Moments | null
  readonly convolution: Convolution | null
  /** What the batch normalization behind the convolution stores. */
  readonly moments: Moments | null
  /** True if an activation, a pool or a convolution reads the answers: a norm would take out the bias and the scale. */
  readonly isActivated: boolean
}

/** Nodes of shape and precision alone, and such as keep the scale of an image. */
const PASSED = new Set(
  ['Identity', 'Cast', 'Transpose', 'Squeeze', 'Unsqueeze', 'Pad', 'Resize', 'Upsample', 'AveragePool', 'Clip', 'Dropout'].concat(
    ['QuantizeLinear', 'DequantizeLinear'],
  ),
)
const ACTIVATED = new Set(
  [
    'Relu',
    'LeakyRelu',
    'PRelu',
    'Clip',
    'Sigmoid',
    'HardSwish',
    'HardSigmoid',
    'Elu',
    'Selu',
    'Tanh',
    'Mish',
    'Gelu',
    'Mul',
  ].concat(['Conv', 'MaxPool', 'AveragePool', 'Neg', 'Add', 'Softplus', 'Max']),
)
/** Passed before the convolution alone: behind it, they are what reads its answers. */
const REDUCING = new Set(['AveragePool', 'Clip', 'Resize', 'Upsample'])
const AFFINE = new Set(['Add', 'Sub', 'Mul', 'Div'])
/** Nodes followed from the input: preprocessing is short. */
const MOST_NODES = 24
/** Nodes between a constant and its use, of which a quantized or narrowed weight has one or two. */
const MOST_DEPTH = 4
/** Pixels that a first convolution reads from at most, in one direction: far more than any. */
const MOST_REACH = 1024
/** Larger weights are no first convolution of an image. */
const MOST_WEIGHTS = 4e6

/** Follows an input with so many channels. Weights that cannot be read end the walk. */
export function firstLayers(model: Model, input: string, channels: number): FirstLayers {
  const { consumers } = linksOf(model.proto.graph!)
  const reader = readerOf(model)
  const found: Found = {
    scale: new Array(channels).fill(1),
    shift: new Array(channels).fill(0),
    order: Array.from({ length: channels }, (_, channel) => channel),
    quantizedTo: null,
    inputMoments: null,
    convolution: null,
    moments: null,
    isActivated: false,
    places: null,
  }
  let value = input
  for (let steps = 0; steps < MOST_NODES; steps++) {
    const readers = consumers.get(value) ?? []
    const joined = found.convolution === null ? joinedBlocks(value, readers, reader) : null
    if (joined !== null) {
      found.places = joined.places
      value = joined.output
      continue
    }
    const next = readers.map((node) => ({ node, taken: take(node, value, found, reader) })).find(({ taken }) => taken)
    if (next === undefined) {
      found.isActivated = found.convolution !== null && readers.every(({ opType }) => ACTIVATED.has(opType))
      break
    }
    value = next.node.output[0]!
  }
  const { places: _, ...layers } = found
  return layers
}

type Found = { -readonly [Key in keyof FirstLayers]: FirstLayers[Key] } & { places: Places | null }

/** The Concat behind slices of every second row and column. */
function joinedBlocks(value: string, readers: readonly NodeProto[], reader: Reader) {
  if (readers.length < 2 || !readers.every(({ opType }) => opType === 'Slice')) return null
  for (const node of reader.model.proto.graph!.node) {
    if (node.opType !== 'Concat' || node.input.length !== 4) continue
    const numbers = (name: string | undefined) => numbersOf(name, reader)
    const places = joinedPlaces(node, value, { producers: reader.producers, numbersOf: numbers })
    if (places !== null) return { places, output: node.output[0]! }
  }
  return null
}

export interface Reader {
  readonly model: Model
  readonly constants: ReadonlyMap<string, Constant>
  readonly producers: ReadonlyMap<string, NodeProto>
}

export function readerOf(model: Model): Reader {
  const graph = model.proto.graph!
  const constants = new Map(constantsIn(graph).map((constant) => [constant.name, constant]))
  return { model, constants, producers: linksOf(graph).producers }
}

/** Takes a node into what was found; false if the walk does not go through it. */
function take(node: NodeProto, value: string, found: Found, reader: Reader): boolean {
  if (node.opType === 'QuantizeLinear' && found.convolution === null) found.quantizedTo ??= quantizedRange(node, reader)
  if (found.convolution !== null && REDUCING.has(node.opType)) return false
  if (PASSED.has(node.opType)) return node.input[0] === value
  if (node.opType === 'BatchNormalization') return takeNormalization(node, found, reader)
  if (AFFINE.has(node.opType)) return takeAffine(node, value, found, reader)
  if (node.opType === 'ImageScaler') return takeScaler(node, found)
  if (found.convolution !== null) return false
  if (node.opType === 'Gather') return takeGather(node, value, found, reader)
  return node.opType === 'Conv' && node.input[0] === value && takeConvolution(node, found, reader)
}

function takeAffine(node: NodeProto, value: string, found: Found, reader: Reader): boolean {
  const at = node.input.indexOf(value)
  const numbers = numbersOf(node.input[1 - at], reader)
  const width = found.convolution?.shape[0] ?? found.scale.length
  if (numbers === undefined || (numbers.length !== 1 && numbers.length !== width)) return false
  const of = (channel: number) => numbers[numbers.length === 1 ? 0 : channel]!
  if (node.opType === 'Div' && at === 1) return false
  if (found.convolution !== null) {
    // Behind the convolution, a sum is its bias. A product is the batch normalization that an exporter wrote in two.
    if (node.opType !== 'Add' || found.moments !== null) return false
    const { bias } = found.convolution
    const sum = Array.from({ length: width }, (_, channel) => (bias?.[channel] ?? 0) + of(channel))
    found.convolution = { ...found.convolution, bias: sum }
    return true
  }
  const factor = (channel: number) => (node.opType === 'Mul' ? of(channel) : node.opType === 'Div' ? 1 / of(channel) : 1)
  const term = (channel: number) => (node.opType === 'Add' ? of(channel) : node.opType === 'Sub' ? -of(channel) : 0)
  const isTakenFrom = node.opType === 'Sub' && at === 1
  found.scale = found.scale.map((scale, channel) => (isTakenFrom ? -scale : scale * factor(channel)))
  found.shift = found.shift.map((shift, channel) => (isTakenFrom ? of(channel) - shift : shift * factor(channel) + term(channel)))
  return true
}

/** Takes in what models from Core ML begin with: value x scale + bias, for each channel. */
function takeScaler(node: NodeProto, found: Found): boolean {
  const bias = attributeOf(node, 'bias') as readonly number[] | undefined
  if (found.convolution !== null || bias?.length !== found.scale.length) return false
  const factor = Number(attributeOf(node, 'scale') ?? 1)
  found.scale = found.scale.map((scale) => scale * factor)
  found.shift = found.shift.map((shift, channel) => shift * factor + bias[channel]!)
  return true
}

function takeNormalization(node: NodeProto, found: Found, reader: Reader): boolean {
  const [gamma, beta, mean, variance] = node.input.slice(1).map((name) => numbersOf(name, reader))
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return false
  if (found.convolution !== null) {
    if (found.moments === null && mean.length === found.convolution.shape[0]) found.moments = { mean, variance }
    return false
  }
  if (mean.length !== found.scale.length) return false
  // In values of the input, before what was done to them.
  found.inputMoments ??= {
    mean: mean.map((one, channel) => (one - found.shift[channel]!) / found.scale[channel]!),
    variance: variance.map((one, channel) => one / found.scale[channel]! ** 2),
  }
  const factor = variance.map((one, channel) => gamma[channel]! / Math.sqrt(one + 1e-5))
  found.scale = found.scale.map((scale, channel) => scale * factor[channel]!)
  found.shift = found.shift.map((shift, channel) => (shift - mean[channel]!) * factor[channel]! + beta[channel]!)
  return true
}

function takeGather(node: NodeProto, value: string, found: Found, reader: Reader): boolean {
  const order = numbersOf(node.input[1], reader)?.map(Number)
  if (node.input[0] !== value || order?.length !== found.order.length) return false
  if (!order.every((channel) => found.order[channel] !== undefined)) return false
  for (const key of ['order', 'scale', 'shift'] as const) found[key] = order.map((channel) => found[key][channel]!)
  return true
}

function takeConvolution(node: NodeProto, found: Found, reader: Reader): boolean {
  const weights = tensorOf(node.input[1], reader)
  if (weights === undefined || weights.shape.length !== 4) return false
  const groups = Number(attributeOf(node, 'group') ?? 1)
  if (weights.shape[1]! * groups !== found.scale.length * (found.places?.length ?? 1)) return false
  const dilations = (attributeOf(node, 'dilations') as readonly number[] | undefined)?.map(Number) ?? [1, 1]
  const reaches = [0, 1].map((side) => (weights.shape[side + 2]! - 1) * dilations[side]! + 1)
  if (!reaches.every((reach) => reach >= 1 && reach <= MOST_REACH)) return false
  const bias = node.input[2] ? numbersOf(node.input[2], reader) : undefined
  const convolution: Convolution = {
    shape: weights.shape,
    weights: weights.numbers,
    groups,
    dilations,
    bias: bias ?? null,
  }
  found.convolution = found.places === null ? convolution : unfoldConvolution(convolution, found.places)
  return found.convolution !== null
}

function quantizedRange({ input }: NodeProto, reader: Reader): readonly [number, number] | null {
  const scale = numbersOf(input[1], reader)
  const zero = tensorOf(input[2], reader)
  if (scale?.length !== 1 || (zero !== undefined && zero.numbers.length !== 1)) return null
  const [low, high] = zero?.dtype === 'int8' ? [-128, 127] : zero?.dtype === 'uint16' ? [0, 65535] : [0, 255]
  const point = zero?.numbers[0] ?? 0
  return [(low - point) * scale[0]!, (high - point) * scale[0]!]
}

/** A constant's numbers; undefined if it is none, or cannot be read. */
export const numbersOf = (name: string | undefined, reader: Reader): readonly number[] | undefined =>
  tensorOf(name, reader)?.numbers

/** A constant's numbers, read through a few casts and dequantizations by one scale or one for each output. */
export function tensorOf(
  name: string | undefined,
  reader: Reader,
  depth = 0,
): { readonly shape: readonly number[]; readonly numbers: readonly number[]; readonly dtype: string } | undefined {
  const constant = reader.constants.get(name ?? '')
  if (constant !== undefined) {
    if (constant.elementCount > MOST_WEIGHTS || constant.dtype === 'string') return undefined
    const numbers = decodeNumbers(readBytes(reader.model, constant), constant.dtype, constant.elementCount)
    return numbers && { shape: constant.shape, numbers, dtype: constant.dtype }
  }
  const node = reader.producers.get(name ?? '')
  if (depth === MOST_DEPTH) return undefined
  if (node?.opType === 'Identity' || node?.opType === 'Cast') return tensorOf(node.input[0], reader, depth + 1)
  if (node?.opType !== 'DequantizeLinear') return undefined
  const stored = tensorOf(node.input[0], reader, depth + 1)
  // At most one cast away: each of the three could be dequantized, and each of theirs.
  const [scale, zero] = node.input.slice(1, 3).map((input) => tensorOf(input, reader, Math.max(depth + 1, MOST_DEPTH - 1)))
  if (stored === undefined || scale === undefined) return undefined
  const each = stored.numbers.length / scale.numbers.length
  if (scale.numbers.length !== 1 && scale.numbers.length !== stored.shape[0]) return undefined
  const numbers = stored.numbers.map((one, at) => {
    const output = Math.floor(at / each)
    return (one - (zero?.numbers[output] ?? 0)) * scale.numbers[output]!
  })
  return { ...stored, numbers }
}
