// Shapes, parts of tensors and tensors put together.
import { flag, int, ints, stringAttribute, typeAttribute } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall, OperatorTable } from '../operator-call.ts'

export const SHAPES: OperatorTable = {
  BROADCAST_TO: (call) => call.op('BroadcastTo', call.inputs),
  CONCATENATION: concat,
  DEPTH_TO_SPACE: (call) =>
    call.op('DepthToSpace', call.inputs, { block_size: int(call.number('block_size', 1)), data_format: stringAttribute('NHWC') }),
  EXPAND_DIMS: (call) => call.op('ExpandDims', call.inputs),
  FILL: (call) => call.op('Fill', call.inputs, { T: typeAttribute(call.result.dtype) }),
  GATHER: gather,
  GATHER_ND: (call) => call.op('GatherNd', call.inputs),
  MIRROR_PAD: (call) =>
    call.op('MirrorPad', call.inputs, { mode: stringAttribute(call.number('mode') === 0 ? 'REFLECT' : 'SYMMETRIC') }),
  PACK: (call) => call.op('Pack', call.inputs, { axis: int(call.number('axis')), N: int(call.operator.inputs.length) }),
  PAD: (call) => call.op('Pad', call.inputs),
  PADV2: (call) => call.op('PadV2', call.inputs),
  RANGE: (call) => call.op('Range', call.inputs, { Tidx: typeAttribute(call.result.dtype) }),
  RESHAPE: (call) => call.op('Reshape', [call.input(0), call.has(1) ? call.input(1) : call.ints(call.list('new_shape'))]),
  RESIZE_BILINEAR: resize('ResizeBilinear'),
  RESIZE_NEAREST_NEIGHBOR: resize('ResizeNearestNeighbor'),
  REVERSE_SEQUENCE: reverseSequence,
  SHAPE: (call) => call.op('Shape', call.inputs, { out_type: { type: 'DT_INT32' } }),
  SLICE: (call) => call.op('Slice', call.inputs),
  SPACE_TO_DEPTH: spaceToDepth,
  SPLIT: (call) => split(call, 'Split'),
  SPLIT_V: (call) => split(call, 'SplitV'),
  SQUEEZE: (call) => call.op('Squeeze', [call.input(0)], { squeeze_dims: ints(call.list('squeeze_dims')) }),
  STRIDED_SLICE: stridedSlice,
  TILE: (call) => call.op('Tile', call.inputs),
  TRANSPOSE: (call) => call.op('Transpose', call.inputs),
  WHERE: (call) => call.op('Where', call.inputs),
}

function concat(call: OperatorCall): Ref {
  const axis = call.int(call.number('axis'))
  return call.op('ConcatV2', [...call.inputs, axis], { N: int(call.operator.inputs.length) })
}

function gather(call: OperatorCall): Ref {
  const [axis, batch] = [call.number('axis'), call.number('batch_dims')]
  if (batch === 0) return call.op('GatherV2', [call.input(0), call.input(1), call.int(axis)], { batch_dims: int(0) })
  if (batch !== axis) return call.refuse('it gathers along an axis that is not the first after the batch axes')
  if (batch === 1) return gatherInRows(call, call.input(0), { places: call.input(1), axis })
  const [x, places] = call.inputs as [Ref, Ref]
  const count = call.op('ExpandDims', [sizeAt(call, places, axis), call.int(0)])
  const flat = call.op('Reshape', [places, joined(call, [call.ints([-1]), count])])
  const rows = gatherInRows(call, x, { places: flat, axis })
  const sizes = call.op('Shape', [x], INT32_OUT)
  const part = (from: number, to: number) => call.op('Slice', [sizes, call.ints([from]), call.ints([to - from])])
  return call.op('Reshape', [rows, joined(call, [part(0, axis), count, part(axis + 1, call.tensor(0).shape.length)])])
}

const joined = (call: OperatorCall, parts: readonly Ref[]): Ref =>
  call.op('ConcatV2', [...parts, call.int(0)], { N: int(parts.length) })

const INT32_OUT = { out_type: { type: 'DT_INT32' } }

interface Rows {
  /** [rows, k] along `axis`, for all axes before it as one. */
  readonly places: Ref
  readonly axis: number
}

/** Out of all rows one after the other, since batch_dims of GatherV2 goes wrong in WebAssembly (4.22). */
function gatherInRows(call: OperatorCall, x: Ref, { places, axis }: Rows): Ref {
  const { shape } = call.tensor(0)
  const length = shape[axis]
  const count = sizeAt(call, places, 0)
  const rows = call.op('Range', [call.int(0), count, call.int(1)], { Tidx: { type: 'DT_INT32' } })
  const each = typeof length === 'number' ? call.int(length) : sizeAt(call, x, axis)
  const starts = call.op('ExpandDims', [call.op('Mul', [rows, each]), call.int(1)])
  const flat = call.reshape(x, [null, ...shape.slice(axis + 1)])
  return call.op('GatherV2', [flat, call.op('AddV2', [places, starts]), call.int(0)], { batch_dims: int(0) })
}

/** One size of a tensor, as a scalar. */
function sizeAt(call: OperatorCall, x: Ref, axis: number): Ref {
  const sizes = call.op('Shape', [x], INT32_OUT)
  const bounds = [call.ints([axis]), call.ints([axis + 1]), call.ints([1])]
  return call.op('StridedSlice', [sizes, ...bounds], { shrink_axis_mask: int(1) })
}

function resize(op: string) {
  return (call: OperatorCall): Ref =>
    call.op(op, call.inputs, {
      align_corners: flag(call.flag('align_corners')),
      half_pixel_centers: flag(call.flag('half_pixel_centers')),
    })
}

const split = (call: OperatorCall, op: 'Split' | 'SplitV'): Ref[] => {
  const count = call.operator.outputs.length
  return call.ops(op, call.inputs, { count, attributes: { num_split: int(count) } })
}

function stridedSlice(call: OperatorCall): Ref {
  const masks = ['begin_mask', 'end_mask', 'ellipsis_mask', 'new_axis_mask', 'shrink_axis_mask']
  return call.op('StridedSlice', call.inputs, Object.fromEntries(masks.map((name) => [name, int(call.number(name))])))
}

/** TensorFlow.js has no operator for it: cells of a block lie side by side after a transpose. */
function spaceToDepth(call: OperatorCall): Ref {
  const block = call.number('block_size', 1)
  const [n, height, width, channels] = call.tensor(0).shape
  if (typeof height !== 'number' || typeof width !== 'number' || typeof channels !== 'number')
    return call.refuse('sizes of its input are free')
  const cells = call.reshape(call.input(0), [n!, height / block, block, width / block, block, channels])
  return call.reshape(call.op('Transpose', [cells, call.ints([0, 1, 3, 2, 4, 5])]), call.result.shape)
}

/** TensorFlow.js has none: each place up to its row's length is the place that far from its end. */
function reverseSequence(call: OperatorCall): Ref {
  const [time, batch] = [call.number('seq_dim'), call.number('batch_dim')]
  const rank = call.result.shape.length
  if (Math.max(time, batch) !== 1 || Math.min(time, batch) !== 0)
    return call.refuse('its sequences do not lie along the first two axes')
  const swapped = call.ints([1, 0, ...Array.from({ length: rank - 2 }, (_, k) => k + 2)])
  const x = time === 1 ? call.input(0) : call.op('Transpose', [call.input(0), swapped])
  const steps = call.result.shape[time]
  const count = typeof steps === 'number' ? call.int(steps) : sizeAt(call, x, 1)
  const places = call.op('Range', [call.int(0), count, call.int(1)], { Tidx: { type: 'DT_INT32' } })
  const row = call.op('ExpandDims', [places, call.int(0)])
  const lengths = call.op('ExpandDims', [call.input(1), call.int(1)])
  const back = call.op('Sub', [call.op('Sub', [lengths, call.int(1)]), row])
  const indices = call.op('SelectV2', [call.op('Less', [row, lengths]), back, row])
  const made = gatherInRows(call, x, { places: indices, axis: 1 })
  return time === 1 ? made : call.op('Transpose', [made, swapped])
}
