// What a model makes of images of one colour, followed through its graph without an engine: in the middle of such an image every value is one
// number a channel. A network that enlarges, cleans or repairs images gives colours back, and only in the range that it takes.
import { attributeOf, intsOf, numberOf } from '@whyslow/graph/attributes.ts'
import type { Model } from '@whyslow/graph/model.ts'
import type { NodeProto } from 'onnx-buf'
import { type Reader, readerOf, tensorOf } from './first-layers.ts'

/** One number for each channel, for each colour. */
export type Colours = readonly (readonly number[])[]

interface Flat {
  /** Where the channels are. */
  readonly axis: number
  readonly colours: Colours
}

const widthOf = ({ colours }: Flat): number => colours[0]!.length

/** Weights read, and numbers multiplied, in one look: some tenths of a second. */
const MOST_STEPS = 1e8
/** Wider values are not followed. */
const MOST_CHANNELS = 1 << 16

const PASSED = new Set(
  ['Identity', 'Cast', 'Dropout', 'Pad', 'Resize', 'Upsample'].concat('MaxPool', 'AveragePool', 'GlobalAveragePool'),
)
const OF_ONE: Readonly<Record<string, (value: number, node: NodeProto) => number>> = {
  Relu: (value) => Math.max(0, value),
  LeakyRelu: (value, node) => (value < 0 ? value * numberOf(node, 'alpha', 0.01) : value),
  Elu: (value, node) => (value < 0 ? numberOf(node, 'alpha', 1) * Math.expm1(value) : value),
  Sigmoid: (value) => 1 / (1 + Math.exp(-value)),
  HardSigmoid: (value, node) => between(value * numberOf(node, 'alpha', 0.2) + numberOf(node, 'beta', 0.5), 0, 1),
  HardSwish: (value) => value * between(value / 6 + 0.5, 0, 1),
  Tanh: Math.tanh,
  Softplus: (value) => Math.log1p(Math.exp(value)),
  Neg: (value) => -value,
  Abs: Math.abs,
}
const OF_TWO: Readonly<Record<string, (a: number, b: number) => number>> = {
  Add: (a, b) => a + b,
  Sub: (a, b) => a - b,
  Mul: (a, b) => a * b,
  Div: (a, b) => a / b,
  Max: Math.max,
  Min: Math.min,
  PRelu: (value, slope) => (value < 0 ? value * slope : value),
}

const between = (value: number, low: number, high: number): number => Math.max(low, Math.min(high, value))

/** The colours of the output that is an image with as many channels; null: there is none, or a node on the way is not followed. */
export function coloursMade(model: Model, input: string, colours: Colours): Colours | null {
  const graph = model.proto.graph!
  const channels = colours[0]!.length
  const axis = channelAxis(model, input, channels)
  if (axis === undefined) return null
  const output = graph.output.find(({ name }) => channelAxis(model, name, channels) !== undefined)
  if (output === undefined) return null
  const reader = readerOf(model)
  const known = new Map<string, Flat>([[input, { axis, colours }]])
  const left = { steps: MOST_STEPS }
  for (const node of graph.node) {
    if (!node.input.some((name) => known.has(name))) continue
    const made = flatOf(node, known, { reader, left })
    if (made === undefined) continue
    left.steps -= colours.length * widthOf(made)
    if (left.steps < 0) return null
    known.set(node.output[0]!, made)
    if (known.has(output.name)) break
  }
  const found = known.get(output.name)
  return found !== undefined && widthOf(found) === channels ? found.colours : null
}

/** The axis of the channels of an input or output of four axes. */
function channelAxis({ proto }: Model, name: string, channels: number): 1 | 3 | undefined {
  const { input, output } = proto.graph!
  const type = [...input, ...output].find((one) => one.name === name)?.type?.value
  const dims = type?.case === 'tensorType' ? type.value.shape?.dim : undefined
  const axes = dims?.map(({ value }) => (value.case === 'dimValue' ? Number(value.value) : null))
  return axes?.length !== 4 ? undefined : axes[1] === channels ? 1 : axes[3] === channels ? 3 : undefined
}

interface Following {
  readonly reader: Reader
  readonly left: { steps: number }
}

/** What the first output of the node becomes; undefined: it is not followed. */
function flatOf(node: NodeProto, known: ReadonlyMap<string, Flat>, following: Following): Flat | undefined {
  const { opType } = node
  const first = known.get(node.input[0]!)
  if (OF_TWO[opType] !== undefined) return ofTwo(node, known, following)
  if (opType === 'Concat') return joined(node, known)
  if (first === undefined) return undefined
  const { axis, colours } = first
  const change = (how: (colour: readonly number[]) => readonly number[]): Flat => ({ axis, colours: colours.map(how) })
  const one = OF_ONE[opType]
  if (one !== undefined) return change((colour) => colour.map((value) => one(value, node)))
  if (PASSED.has(opType)) return first
  if (opType === 'Transpose') return { colours, axis: (intsOf(node, 'perm') ?? [3, 2, 1, 0]).indexOf(axis) }
  if (opType === 'Clip') {
    const [low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY] = limitsOfClip(node, following.reader)
    return change((colour) => colour.map((value) => between(value, low, high)))
  }
  if (axis !== 1) return undefined
  if (opType === 'Conv' || opType === 'ConvTranspose') return convolved(node, first, following)
  if (opType === 'BatchNormalization') return normalized(node, first, following)
  const block = numberOf(node, 'blocksize', 0) ** 2
  const width = widthOf(first)
  if (!(block >= 1 && block * width <= MOST_CHANNELS)) return undefined
  if (opType === 'SpaceToDepth') return change((colour) => Array.from({ length: block }, () => colour).flat())
  if (opType !== 'DepthToSpace' || width % block !== 0) return undefined
  const isByColumn = attributeOf(node, 'mode') === 'CRD'
  // Pixels next to each other come from different channels: their mean.
  return change((colour) => {
    const count = width / block
    const at = (channel: number, phase: number) => (isByColumn ? channel * block + phase : phase * count + channel)
    const ofPhases = (channel: number) => Array.from({ length: block }, (_, phase) => colour[at(channel, phase)]!)
    return Array.from({ length: count }, (_, channel) => ofPhases(channel).reduce((sum, value) => sum + value, 0) / block)
  })
}

/** Lowest and highest value of a Clip, as attributes or inputs. */
export function limitsOfClip(node: NodeProto, reader: Reader): readonly [number | undefined, number | undefined] {
  const limit = (name: 'min' | 'max', at: number) =>
    node.attribute.find((one) => one.name === name)?.f ?? tensorOf(node.input[at], reader)?.numbers[0]
  return [limit('min', 1), limit('max', 2)]
}

/** A constant is one number, or one for each channel. */
function ofTwo(node: NodeProto, known: ReadonlyMap<string, Flat>, { reader }: Following): Flat | undefined {
  const flats = node.input.map((name) => known.get(name))
  const { axis, colours } = flats.find((flat) => flat !== undefined)!
  const width = Math.max(...flats.map((flat) => (flat === undefined ? 1 : widthOf(flat))))
  const sides = node.input.map((name, at): Colours | undefined => {
    const flat = flats[at]
    if (flat !== undefined) return flat.axis === axis ? flat.colours : undefined
    const numbers = tensorOf(name, reader)?.numbers
    return numbers && colours.map(() => numbers)
  })
  const [a, b] = sides
  if (sides.length !== 2 || a === undefined || b === undefined) return undefined
  if ([a, b].some(([first]) => first!.length !== 1 && first!.length !== width)) return undefined
  const work = OF_TWO[node.opType]!
  const at = (side: readonly number[], channel: number) => side[side.length === 1 ? 0 : channel]!
  const made = colours.map((_, k) => Array.from({ length: width }, (_, channel) => work(at(a[k]!, channel), at(b[k]!, channel))))
  return { axis, colours: made }
}

function joined(node: NodeProto, known: ReadonlyMap<string, Flat>): Flat | undefined {
  const flats = node.input.map((name) => known.get(name))
  const [first] = flats
  if (first === undefined || flats.some((flat) => flat?.axis !== first.axis)) return undefined
  if ((numberOf(node, 'axis', 0) + 4) % 4 !== first.axis) return undefined
  if (flats.reduce((sum, flat) => sum + widthOf(flat!), 0) > MOST_CHANNELS) return undefined
  return { axis: first.axis, colours: first.colours.map((_, k) => flats.flatMap((flat) => flat!.colours[k]!)) }
}

function convolved(node: NodeProto, flat: Flat, { reader, left }: Following): Flat | undefined {
  const { axis, colours } = flat
  const weights = tensorOf(node.input[1], reader)
  const bias = node.input[2] ? tensorOf(node.input[2], reader)?.numbers : []
  if (weights?.shape.length !== 4 || weights.numbers.length === 0 || bias === undefined) return undefined
  const isTransposed = node.opType === 'ConvTranspose'
  const [rows, columns, height, across] = weights.shape as [number, number, number, number]
  const groups = numberOf(node, 'group', 1)
  const width = widthOf(flat)
  if (width !== (isTransposed ? rows : columns * groups) || !(groups >= 1) || rows % groups !== 0) return undefined
  left.steps -= weights.numbers.length + colours.length * rows * columns
  if (left.steps < 0) return undefined
  // Of a transposed one each pixel meets one of so many parts of the kernel: their mean.
  const parts = isTransposed ? (intsOf(node, 'strides') ?? [1, 1]).reduce((product, one) => product * one, 1) : 1
  const sums = new Float64Array(rows * columns)
  const taps = height * across
  for (let at = 0; at < weights.numbers.length; at++) sums[Math.floor(at / taps)]! += weights.numbers[at]! / parts
  const outputs = isTransposed ? columns * groups : rows
  const [ownInputs, ownOutputs] = [width / groups, outputs / groups]
  const of = (colour: readonly number[], output: number): number => {
    const group = Math.floor(output / ownOutputs)
    let sum = bias[output] ?? 0
    for (let c = 0; c < ownInputs; c++) {
      const weight = isTransposed ? sums[(group * ownInputs + c) * columns + (output % columns)]! : sums[output * columns + c]!
      sum += weight * colour[group * ownInputs + c]!
    }
    return sum
  }
  return { axis, colours: colours.map((colour) => Array.from({ length: outputs }, (_, output) => of(colour, output))) }
}

function normalized(node: NodeProto, { axis, colours }: Flat, { reader }: Following): Flat | undefined {
  const [gamma, beta, mean, variance] = node.input.slice(1, 5).map((name) => tensorOf(name, reader)?.numbers)
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) return undefined
  const epsilon = numberOf(node, 'epsilon', 1e-5)
  const of = (value: number, k: number) => ((value - mean[k]!) / Math.sqrt(variance[k]! + epsilon)) * gamma[k]! + beta[k]!
  return { axis, colours: colours.map((colour) => colour.map(of)) }
}
