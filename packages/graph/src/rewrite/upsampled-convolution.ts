// A convolution over a map whose every position was only repeated: what it is over the small map. Between the two there may be a Pad that the
// small map can have in its place.
import type { NodeProto } from 'onnx-buf'
import { convolutionPads } from './convolution-pads.ts'
import { floatsOf } from './floats.ts'
import { attributeOf, intsOf, isOperator, type Matching, numberOf } from './match.ts'
import { repeatsOf } from './repeated.ts'

/** Since when the pads of Pad are an input. */
export const PAD_INPUTS = 11

/** The filter, and the small map. */
export interface UpsampledConvolution extends Filter, Omit<Source, 'pads'> {
  /** Zeros around the large map: all begins, then all ends. */
  readonly pads: readonly number[]
}

/** Undefined if the node is no convolution of one group and constant weights that moves by single positions over such a map. */
export function findUpsampled(matching: Matching, conv: NodeProto): UpsampledConvolution | undefined {
  const filter = filterOf(matching, conv)
  const source = filter && sourceOf(matching, conv, filter.pads)
  if (source === undefined || source.factors.length !== filter!.shape.length - 2) return undefined
  return { ...filter!, ...source, pads: filter!.pads.map((pad, at) => pad + source.pads[at]!) }
}

interface Filter {
  readonly weights: Float32Array
  /** Shape of the weights. */
  readonly shape: readonly number[]
  readonly pads: readonly number[]
}

/** The convolution's filter; undefined if it is none of one group and constant weights that moves by single positions. */
function filterOf(matching: Matching, conv: NodeProto): Filter | undefined {
  if (!isOperator(conv, 'Conv') || numberOf(conv, 'group', 1) !== 1) return undefined
  const [shape, weights] = [matching.constant(conv.input[1])?.shape, floatsOf(matching, conv.input[1])]
  if (shape === undefined || weights === undefined) return undefined
  const kernel = shape.slice(2)
  const ones = kernel.map(() => 1)
  const [strides, dilations] = [intsOf(conv, 'strides') ?? ones, intsOf(conv, 'dilations') ?? ones]
  const pads = convolutionPads(conv, { kernel, strides, dilations }, [])
  if (pads === undefined || [...strides, ...dilations].some((one) => one !== 1)) return undefined
  return { weights, shape, pads }
}

interface Source {
  /** The small map. */
  readonly from: string
  readonly factors: readonly number[]
  /** Zeros around the large map, before those of the convolution: all begins, then all ends. */
  readonly pads: readonly number[]
  /** How often the edges of the small map are repeated around it; undefined: not at all. */
  readonly around: readonly number[] | undefined
  /** The nodes that made the large map of it, if nobody else reads it. */
  readonly nodes: readonly NodeProto[]
}

/** What the convolution reads: a repeated map, or one with something around it that the small map can have, too. */
function sourceOf(matching: Matching, conv: NodeProto, pads: readonly number[]): Source | undefined {
  const before = matching.producer(conv.input[0])
  const none = pads.map(() => 0)
  const factors = repeatsOf(matching, before)
  if (factors !== undefined) {
    return { from: before!.input[0]!, factors, pads: none, around: undefined, nodes: unread(matching, [before!]) }
  }
  const [pad, upsampling] = [padding(matching, before), matching.producer(before?.input[0])]
  const inner = repeatsOf(matching, upsampling)
  if (pad?.sides.length !== pads.length || inner === undefined) return undefined
  const found = { from: upsampling!.input[0]!, factors: inner, pads: pad.sides, nodes: unread(matching, [before!, upsampling!]) }
  if (pad.mode === 'constant') return { ...found, around: undefined }
  // Mirrored at its edge, a repeated map repeats its first position as long as that was repeated.
  const isEdge = pad.mode === 'edge' || pad.sides.every((one, at) => one < inner[at % inner.length]!)
  if (!isEdge || pads.some((one) => one !== 0)) return undefined
  return { ...found, around: pad.sides.map((one, at) => Math.ceil(one / inner[at % inner.length]!)) }
}

/** The first of these nodes, each read by the one before it, that nobody else reads. */
function unread(matching: Matching, nodes: readonly NodeProto[]): readonly NodeProto[] {
  const read = nodes.findIndex((one) => matching.onlyReader(one) === undefined)
  return read < 0 ? nodes : nodes.slice(0, read)
}

/** What a Pad puts around an image: by spatial axis, all begins, then all ends. */
function padding(matching: Matching, one: NodeProto | undefined) {
  if (!isOperator(one, 'Pad') || one.input[3]) return undefined
  const all = matching.opset < PAD_INPUTS ? intsOf(one, 'pads') : matching.numbers(one.input[1])
  const mode = String(attributeOf(one, 'mode') ?? 'constant')
  const value = matching.opset < PAD_INPUTS ? numberOf(one, 'value', 0) : one.input[2] ? matching.scalar(one.input[2]) : 0
  if (all === undefined || !['constant', 'edge', 'reflect'].includes(mode) || (mode === 'constant' && value !== 0))
    return undefined
  const rank = all.length / 2
  const [begins, ends] = [all.slice(0, rank), all.slice(rank)]
  const others = [...begins.slice(0, 2), ...ends.slice(0, 2)]
  if (others.some((pad) => pad !== 0) || all.some((pad) => pad < 0)) return undefined
  return { mode, sides: [...begins.slice(2), ...ends.slice(2)] }
}
