// Images: resizing, crops, and boxes that suppress one another.
// https://github.com/tensorflow/tensorflow/blob/master/tensorflow/core/kernels/image

import { binary, clip, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { float32s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { range } from '@whyslow/graph/builder/range.ts'
import { gather, reshape, slice, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { suppressBoxes, suppressedWithScores } from '../../tensorflow/boxes.ts'
import { inChannelsFirst } from '../../tensorflow/layout.ts'
import { resizeTo } from '../../tensorflow/resize.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'

/** Where the cells of the result are in the image: as the two flags of TensorFlow say. */
function coordinates(call: OperatorCall, mode: 'linear' | 'nearest'): Readonly<Record<string, string>> {
  const [align, half] = [call.node.flag('align_corners'), call.node.flag('half_pixel_centers')]
  if (align)
    return {
      coordinate_transformation_mode: 'align_corners',
      ...(mode === 'nearest' ? { nearest_mode: 'round_prefer_ceil' } : {}),
    }
  // Nearest rounds half up in half-pixel coordinates, which is the floor of the cell's middle.
  if (half && mode === 'nearest') return { coordinate_transformation_mode: 'half_pixel', nearest_mode: 'round_prefer_ceil' }
  if (half) return { coordinate_transformation_mode: 'half_pixel' }
  return { coordinate_transformation_mode: 'asymmetric', ...(mode === 'nearest' ? { nearest_mode: 'floor' } : {}) }
}

const resize =
  (mode: 'linear' | 'nearest'): OperatorWriter =>
  (call) => {
    const { builder } = call
    const image = call.cast(call.input(0), 'float32')
    if (image.shape.length !== 4) throw call.refuse('resizes what is not a batch of images; convert the model again')
    const [height = null, width = null] = call.list(1) ?? []
    const parts = { sizes: call.int64(call.input(1)), shape: [height, width] }
    return inChannelsFirst(builder, image, false, (x) => resizeTo(builder, x, parts, { mode, ...coordinates(call, mode) }))
  }

/** More than any image has would only fill the memory. */
const LARGEST_CROP = 2 ** 16

interface Crop {
  readonly boxes: Value
  readonly count: Dimension
}

/**
 * Crops of images by boxes [y1, x1, y2, x2] in shares of the image, resized to one size: of each cell the four pixels around it, or
 * the nearest one; what is outside the image has the value of extrapolation.
 */
const cropAndResize: OperatorWriter = (call) => {
  const { builder, node } = call
  const [image, boxes, owners] = [call.input(0), call.input(1), call.input(2)]
  const [height, width] = call.numbers(3, 'crop size')
  const [, rows, columns, channels] = image.shape
  if (![height, width].every((size) => Number.isInteger(size) && size! > 0 && size! <= LARGEST_CROP))
    throw call.refuse(`makes crops of ${height}x${width}; convert the model again`)
  if (typeof rows !== 'number' || typeof columns !== 'number' || height === undefined || width === undefined)
    throw call.refuse('crops an image whose size is not known; give the model a fixed image size')
  const crop = { boxes, count: boxes.shape[0]! }
  const y = cells(call, crop, { first: 0, size: height, length: rows })
  const x = cells(call, crop, { first: 1, size: width, length: columns })
  const flat = reshape(builder, image, [null, channels!])
  const owner = reshape(builder, call.int64(owners), [crop.count, 1, 1])
  const at = (row: Value, column: Value) => {
    const base = binary(builder, 'Add', withNumber(builder, 'Mul', owner, rows), unsqueeze(builder, row, [2]))
    return gather(
      builder,
      flat,
      binary(builder, 'Add', withNumber(builder, 'Mul', base, columns), unsqueeze(builder, column, [1])),
    )
  }
  const inside = call.op('And', [unsqueeze(builder, y.inside, [2]), unsqueeze(builder, x.inside, [1])], {
    dtype: 'bool',
    shape: [crop.count, height, width],
  })
  const outside = scalar(builder, 'float32', node.number('extrapolation_value', 0))
  const chosen = node.text('method', 'bilinear').toLowerCase() === 'nearest' ? at(y.nearest, x.nearest) : blended(call, at, y, x)
  return where(builder, unsqueeze(builder, inside, [3]), chosen, outside)
}

interface Cells {
  readonly low: Value
  readonly high: Value
  readonly nearest: Value
  /** Share of the way from `low` to `high`, 0..1. */
  readonly share: Value
  readonly inside: Value
}

/** Coordinates of a crop's cells on one axis, [boxes, size]. */
function cells(
  call: OperatorCall,
  { boxes, count }: Crop,
  { first, size, length }: { first: 0 | 1; size: number; length: number },
): Cells {
  const { builder } = call
  const column = (k: number) => reshape(builder, slice(builder, boxes, [{ axis: 1, start: k, end: k + 1 }]), [count, 1])
  const [from, to] = [column(first), column(first + 2)]
  const last = length - 1
  const at =
    size > 1
      ? binary(
          builder,
          'Add',
          withNumber(builder, 'Mul', from, last),
          binary(
            builder,
            'Mul',
            withNumber(builder, 'Mul', binary(builder, 'Sub', to, from), last / (size - 1)),
            builder.constant(float32s([1, size], range(0, size))),
          ),
        )
      : withNumber(builder, 'Mul', binary(builder, 'Add', from, to), last / 2)
  const low = unary(builder, 'Floor', at)
  const index = (value: Value) => call.cast(clip(builder, value, 0, last), 'int64')
  const not = (opType: string, limit: number) => withBool(call, opType, at, limit)
  const outside = call.op('Or', [not('Less', 0), not('Greater', last)], { dtype: 'bool', shape: at.shape })
  return {
    low: index(low),
    high: index(unary(builder, 'Ceil', at)),
    nearest: index(unary(builder, 'Floor', withNumber(builder, 'Add', at, 0.5))),
    share: binary(builder, 'Sub', at, low),
    inside: unary(builder, 'Not', outside),
  }
}

const withBool = (call: OperatorCall, opType: string, x: Value, limit: number): Value =>
  binary(call.builder, opType, x, scalar(call.builder, 'float32', limit))

function blended(call: OperatorCall, at: (row: Value, column: Value) => Value, y: Cells, x: Cells): Value {
  const { builder } = call
  const between = (a: Value, b: Value, share: Value) =>
    binary(builder, 'Add', a, binary(builder, 'Mul', binary(builder, 'Sub', b, a), share))
  const across = unsqueeze(builder, x.share, [1, 3])
  const top = between(at(y.low, x.low), at(y.low, x.high), across)
  const bottom = between(at(y.high, x.low), at(y.high, x.high), across)
  return between(top, bottom, unsqueeze(builder, y.share, [2, 3]))
}

/** Indices of the boxes that stay, best first; V4 fills up to the largest count, V5 has their scores besides. */
const suppress: OperatorWriter = (call) => {
  const { builder, node } = call
  const [boxes, scores] = [call.input(0), call.input(1)]
  const version = node.op === 'NonMaxSuppression' ? 1 : Number(node.op.at(-1))
  if (version === 5 && call.number(5, 'soft sigma') !== 0)
    throw call.refuse('lowers scores by a soft sigma, which ONNX cannot; convert the model with soft_nms_sigma 0')
  const scalarOf = (index: number) => reshape(builder, call.input(index), [1])
  const overlap = version === 1 ? scalar(builder, 'float32', node.number('iou_threshold', 0.5)) : scalarOf(3)
  const threshold = version >= 3 ? scalarOf(4) : undefined
  const most = reshape(builder, call.int64(call.input(2)), [1])
  const parts = { boxes, scores, most, overlap, threshold }
  if (version < 4) return suppressBoxes(builder, parts)
  const size: Dimension | undefined = node.flag('pad_to_max_output_size') ? (call.list(2)?.[0] ?? null) : undefined
  const found = suppressedWithScores(builder, parts, size)
  return version === 4 ? [found.indices, found.count] : [found.indices, found.scores, found.count]
}

export const IMAGES: OperatorTable = {
  ResizeBilinear: resize('linear'),
  ResizeNearestNeighbor: resize('nearest'),
  CropAndResize: cropAndResize,
  NonMaxSuppression: suppress,
  NonMaxSuppressionV2: suppress,
  NonMaxSuppressionV3: suppress,
  NonMaxSuppressionV4: suppress,
  NonMaxSuppressionV5: suppress,
}
