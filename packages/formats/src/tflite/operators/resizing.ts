// Images made larger or smaller. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (internal/reference/resize_*.h)

import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { gather } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { resizeTo } from '../../tensorflow/resize.ts'
import {
  asInt64,
  FreeSizeError,
  input,
  knownNumbers,
  type OperatorCall,
  optionsOf,
  realOf,
  store,
  type Writers,
} from '../operator.ts'
import { inChannelsFirst } from './channels.ts'

interface Alignment {
  readonly align_corners: boolean
  readonly half_pixel_centers: boolean
}

const coordinates = ({ align_corners, half_pixel_centers }: Alignment): string =>
  align_corners ? 'align_corners' : half_pixel_centers ? 'half_pixel' : 'asymmetric'

/** Along one axis. */
const MOST_PIXELS = 1 << 16

function wanted(call: OperatorCall): readonly [Dimension, Dimension] {
  const known = knownNumbers(call, 1)
  if (known !== undefined && (known.length !== 2 || known.some((size) => size < 1 || size > MOST_PIXELS)))
    throw call.refusal(`makes an image of ${known.join('x')}`)
  return (known as [number, number] | undefined) ?? [null, null]
}

function resized(call: OperatorCall, x: Value, attributes: Record<string, string>): Value {
  const { builder } = call
  return resizeTo(builder, x, { sizes: asInt64(builder, input(call, 1).value), shape: wanted(call) }, attributes)
}

function bilinear(call: OperatorCall): Value[] {
  const mode = coordinates(optionsOf(call, 'ResizeBilinearOptions'))
  return [inChannelsFirst(call, (x) => resized(call, x, { mode: 'linear', coordinate_transformation_mode: mode }))]
}

/** The entry that TFLite takes for each cell of the result, in its own arithmetic of 32 bits. */
function nearestEntries(from: number, to: number, { align_corners, half_pixel_centers }: Alignment): number[] {
  const scale = align_corners && to > 1 ? Math.fround((from - 1) / (to - 1)) : Math.fround(from / to)
  const offset = half_pixel_centers ? 0.5 : 0
  return Array.from({ length: to }, (_, cell) => {
    const at = Math.fround((cell + offset) * scale)
    const entry = align_corners ? Math.round(at) : Math.floor(at)
    return Math.max(0, Math.min(entry, from - 1))
  })
}

/** A whole multiple is ONNX's Resize; other sizes take entries one by one, so that rounding is TFLite's own. */
function nearest(call: OperatorCall): Value[] {
  const { builder } = call
  const options = optionsOf(call, 'ResizeNearestNeighborOptions')
  const tensor = input(call, 0)
  const [height, width] = wanted(call)
  const [, h, w] = tensor.shape
  if (![height, width, h, w].every((size) => typeof size === 'number')) throw new FreeSizeError('a picture of a free size')
  const ratios = [Number(height) / Number(h), Number(width) / Number(w)]
  if (!options.align_corners && ratios.every((ratio) => Number.isInteger(ratio))) {
    const attributes = { mode: 'nearest', coordinate_transformation_mode: 'asymmetric', nearest_mode: 'floor' }
    return [inChannelsFirst(call, (x) => resized(call, x, attributes))]
  }
  const taken = [
    { axis: 1, entries: nearestEntries(Number(h), Number(height), options) },
    { axis: 2, entries: nearestEntries(Number(w), Number(width), options) },
  ].reduce((value, { axis, entries }) => gather(builder, value, builder.constant(int64s(entries), 'entries'), axis), tensor.value)
  return [store(call, realOf(call, { ...tensor, value: taken, content: undefined }))]
}

export const RESIZING: Writers = { RESIZE_BILINEAR: bilinear, RESIZE_NEAREST_NEIGHBOR: nearest }
