// Factors and sums with constants, y = x * c + s, one after the other: for each channel they come to one factor and one term.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { floatTensor, node } from '../build.ts'
import { floatsOf } from './floats.ts'
import { type Matching, withConstant } from './match.ts'

export interface AffineTransform {
  readonly node: NodeProto
  /** What is multiplied and shifted. */
  readonly value: string
  readonly rank: number
  readonly channels: number
  readonly scale: (channel: number) => number
  readonly shift: (channel: number) => number
}

/** x * c + s with one number or one per channel of a value [N, C, …] of three axes or more. */
export function affineOf(matching: Matching, one: NodeProto): AffineTransform | undefined {
  const found = withConstant(matching, one, 'Add', 'Sub', 'Mul', 'Div')
  if (found === undefined) return undefined
  const shape = matching.shape(found.value)
  const [rank, channels] = [shape?.length ?? 0, shape?.[1]]
  const constant = matching.constant(found.constant)!
  const numbers = floatsOf(matching, found.constant)
  if (rank < 3 || typeof channels !== 'number' || numbers === undefined || constant.shape.length > rank) return undefined
  const isNumber = numbers.length === 1
  if (!isNumber && !(numbers.length === channels && constant.shape.at(1 - rank) === channels)) return undefined
  const at = (channel: number): number => numbers[isNumber ? 0 : channel]!
  const { opType } = one
  return {
    ...{ node: one, value: found.value, rank, channels },
    scale: (channel) => (opType === 'Mul' ? at(channel) : opType === 'Div' ? 1 / at(channel) : 1),
    shift: (channel) => (opType === 'Add' ? at(channel) : opType === 'Sub' ? -at(channel) : 0),
  }
}

/** Whether the node before, read by nobody else, is of the same kind: the chain starts there. */
export function followsAffine(matching: Matching, { node: one, value }: AffineTransform): boolean {
  const before = matching.producer(value)
  return before !== undefined && matching.onlyReader(before) === one && affineOf(matching, before) !== undefined
}

export interface AffineChain {
  readonly parts: readonly NodeProto[]
  /** Scale of each channel. */
  readonly scale: Float64Array
  readonly shift: Float64Array
}

/** All that follows, each read by the next alone. */
export function affineChain(matching: Matching, first: AffineTransform): AffineChain {
  const scale = new Float64Array(first.channels).fill(1)
  const shift = new Float64Array(first.channels)
  const parts: NodeProto[] = []
  for (let step: AffineTransform | undefined = first; step !== undefined; ) {
    for (let c = 0; c < first.channels; c++) {
      scale[c]! *= step.scale(c)
      shift[c] = shift[c]! * step.scale(c) + step.shift(c)
    }
    parts.push(step.node)
    const reader = matching.onlyReader(step.node)
    step = reader && affineOf(matching, reader)
  }
  return { parts, scale, shift }
}

/** The values that are multiplied and shifted, the two constants by channel, and the result. */
export interface ByChannel {
  readonly inputs: readonly [value: string, scale: string, shift: string]
  readonly output: string
  readonly channels: number
}

/** Scales and shifts in one pass: a BatchNormalization of mean 0 and variance 1. */
export function byChannel(
  { inputs, output, channels }: ByChannel,
  fresh: (hint: string) => string,
): { readonly add: NodeProto; readonly addInitializers: readonly TensorProto[] } {
  const all = (hint: string, value: number) =>
    floatTensor(fresh(`${output}_${hint}`), [channels], new Float32Array(channels).fill(value))
  const [mean, variance] = [all('mean', 0), all('variance', 1)]
  const about = { opType: 'BatchNormalization', name: fresh(`${output}_scaled`) }
  const add = node(about, [...inputs, mean.name, variance.name], [output], { epsilon: { float: 0 } })
  return { add, addInitializers: [mean, variance] }
}
