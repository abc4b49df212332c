// Resize and what moves between channels and places. TFLite resizes two spatial axes: its two flags say how places are matched.

import { identity } from '@whyslow/graph/builder/permutation.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute, textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { channelsLast } from '../order.ts'
import { type Rules, writeWithOwnShape } from './rule.ts'
import { withHeight, withoutHeight } from './window.ts'

export const RESIZES: Rules = { DepthToSpace: depthToSpace, Resize: resize, SpaceToDepth: spaceToDepth, Upsample: resize }

function resize(lower: Lowerer, node: OnnxNode): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const from = lower.shape(inputName)
  const to = lower.shape(outputName)
  const rank = from.length
  if (rank !== 4 && rank !== 3) lower.refuse(`it has ${rank} axes`)
  const scales = scalesOf(lower, node)
  const match = matchOf(lower, node)
  const changed = from.flatMap((size, axis) => (size === to[axis] && (size !== null || scales?.[axis] === 1) ? [] : [axis]))
  if (changed.length > rank - 2) lower.refuse('it resizes more than two axes')
  // ONNX matches places by the scale that it is told, TFLite by the sizes, which are rounded.
  if (match !== 'align_corners' && changed.some((axis) => isRounded(from[axis]!, to[axis]!, scales?.[axis])))
    lower.refuse('its scales do not give whole sizes')
  const order = orderFor(changed, rank)
  const spatial = order.slice(1, -1)
  const sizes = { from: spatial.map((axis) => from[axis]!), to: spatial.map((axis) => to[axis]!) }
  const flags = flagsOf(lower, node, { ...sizes, match })
  const given = lower.ordered(inputName, order)
  const x = rank === 3 ? withHeight(lower, given) : given
  const [height, width] = rank === 3 ? [1, sizes.to[0]!] : (sizes.to as [Dimension, Dimension])
  const factors = scales && (rank === 3 ? [1, scales[spatial[0]!]!] : spatial.map((axis) => scales[axis]!))
  const size = sizeOf(lower, x, { height, width, factors })
  const result = { dtype: x.dtype, shape: [x.shape[0]!, height, width, x.shape[3]!], holds: rank === 4 ? outputName : undefined }
  const made =
    textAttribute(node, 'mode', 'nearest') === 'nearest'
      ? lower.op('RESIZE_NEAREST_NEIGHBOR', [x, size], result, flags)
      : lower.op('RESIZE_BILINEAR', [x, size], result, flags)
  lower.place(outputName, rank === 3 ? withoutHeight(lower, made, outputName) : made, order)
}

/** The axes that change in the middle, as TFLite has them, between the first of the others and the last. */
function orderFor(changed: readonly number[], rank: number): number[] {
  const axes = identity(rank)
  const middle = [...changed]
  // Channels last where that is one of the ways.
  for (const axis of [...axes.slice(1), 0]) {
    const isLast = axis === rank - 1 && !changed.includes(rank - 1)
    if (middle.length < rank - 2 && !middle.includes(axis) && !isLast) middle.push(axis)
  }
  const others = axes.filter((axis) => !middle.includes(axis))
  return [others[0]!, ...middle.sort((a, b) => a - b), others[1]!]
}

/** Before opset 11 it said the scales alone. */
const isOld = (lower: Lowerer, { opType }: OnnxNode): boolean => opType === 'Upsample' || lower.source.opset < 11

const matchOf = (lower: Lowerer, node: OnnxNode): string =>
  isOld(lower, node) ? 'asymmetric' : textAttribute(node, 'coordinate_transformation_mode', 'half_pixel')

const isRounded = (from: Dimension, to: Dimension, scale: number | undefined): boolean =>
  scale !== undefined && typeof from === 'number' && typeof to === 'number' && Math.abs(from * scale - to) > to * 1e-5

/** Scales by axis, if the node gives them. */
function scalesOf(lower: Lowerer, node: OnnxNode): readonly number[] | undefined {
  const { scales } = node.attributes
  if (Array.isArray(scales)) return scales as number[]
  const numbers = lower.numbers(node.inputs.at(isOld(lower, node) ? 1 : 2))
  return numbers === undefined || numbers.length === 0 ? undefined : numbers
}

interface Matching {
  readonly match: string
  readonly from: readonly Dimension[]
  readonly to: readonly Dimension[]
}

/** How places are matched, where TFLite can match them so. */
function flagsOf(
  lower: Lowerer,
  node: OnnxNode,
  { match, from, to }: Matching,
): { align_corners: boolean; half_pixel_centers: boolean } {
  const mode = textAttribute(node, 'mode', 'nearest')
  if (mode !== 'nearest' && mode !== 'linear' && mode !== 'bilinear') lower.refuse(`mode ${mode}`)
  if (numberAttribute(node, 'antialias', 0) === 1) lower.refuse('antialias')
  const matches = {
    asymmetric: { align_corners: false, half_pixel_centers: false },
    align_corners: { align_corners: true, half_pixel_centers: false },
    half_pixel: { align_corners: false, half_pixel_centers: true },
    pytorch_half_pixel: { align_corners: false, half_pixel_centers: true },
  }
  const flags = matches[match as keyof typeof matches] ?? lower.refuse(`coordinate_transformation_mode ${match}`)
  if (match === 'pytorch_half_pixel' && to.some((size) => size === 1)) lower.refuse('pytorch_half_pixel to a size of 1')
  if (mode !== 'nearest') return flags
  const rounding = isOld(lower, node) ? 'floor' : textAttribute(node, 'nearest_mode', 'round_prefer_floor')
  // By a whole factor all roundings that can be meant with such matching agree.
  const whole = from.every(
    (size, axis) => typeof size === 'number' && typeof to[axis] === 'number' && (to[axis] as number) % size === 0,
  )
  if (match === 'asymmetric' && rounding === 'floor') return flags
  if (match === 'half_pixel' && (rounding === 'round_prefer_ceil' || (rounding === 'round_prefer_floor' && whole))) return flags
  if (match === 'align_corners' && rounding === 'round_prefer_ceil') return flags
  return lower.refuse(`nearest_mode ${rounding} with ${match}`)
}

/** Height and width of the result: numbers, or as many times those of the input as the factors say. */
function sizeOf(
  lower: Lowerer,
  x: LiteTensor,
  {
    height,
    width,
    factors,
  }: { readonly height: Dimension; readonly width: Dimension; readonly factors: readonly number[] | undefined },
): LiteTensor {
  if (typeof height === 'number' && typeof width === 'number') return lower.ints([height, width])
  if (factors === undefined || factors.some((one) => !Number.isInteger(one))) return lower.refuse('sizes of its result are free')
  const sizes = lower.shapeOf(x)
  const like = { dtype: 'int32' as const, shape: [2] }
  const spatial = lower.op('STRIDED_SLICE', [sizes, lower.ints([1]), lower.ints([3]), lower.ints([1])], like)
  return lower.op('MUL', [spatial, lower.ints(factors)], like)
}

/** TensorFlow's order of channels is ONNX's DCR; of CRD, channels are put in that order first. */
function depthToSpace(lower: Lowerer, node: OnnxNode): void {
  const block = numberAttribute(node, 'blocksize', 1)
  const write = (x: LiteTensor, result: Parameters<Lowerer['op']>[2]) =>
    lower.op('DEPTH_TO_SPACE', [inOrderOf(lower, node, x)], result, { block_size: block })
  writeWithOwnShape(lower, node, write, channelsLast(4))
}

function inOrderOf(lower: Lowerer, node: OnnxNode, x: LiteTensor): LiteTensor {
  if (textAttribute(node, 'mode', 'DCR') !== 'CRD') return x
  const channels = x.shape[3]
  if (typeof channels !== 'number') return lower.refuse('how many channels there are is free')
  const square = numberAttribute(node, 'blocksize', 1) ** 2
  const each = channels / square
  const places = Array.from({ length: channels }, (_, k) => (k % each) * square + Math.floor(k / each))
  return lower.op('GATHER', [x, lower.ints(places)], { dtype: x.dtype, shape: x.shape }, { axis: 3 })
}

function spaceToDepth(lower: Lowerer, node: OnnxNode): void {
  const fields = { block_size: numberAttribute(node, 'blocksize', 1) }
  writeWithOwnShape(lower, node, (x, result) => lower.op('SPACE_TO_DEPTH', [x], result, fields), channelsLast(4))
}
