import { broadcastShape, scalar } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import {
  concat,
  equalSizes,
  expand,
  fullLike,
  partSizes,
  reshape as reshaped,
  slice,
  sliceFrom,
  sliceFromAsRun,
  split,
  squeeze,
  tile,
  unsqueeze,
  withRemainder,
} from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { padAround, sizeWithPads } from '../../tensorflow/pad.ts'
import { isKnown } from '../contents.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'
import { productOf } from '../shape-arithmetic.ts'
import { stridedSlice } from '../strided-slice.ts'

const shapeAsked = (call: OperatorCall, x: Value): Value => call.op('Shape', [x], { dtype: 'int64', shape: [x.shape.length] })

const size: OperatorWriter = (call) => call.op('Size', [call.input(0)], { dtype: 'int64', shape: [] })

const rank: OperatorWriter = (call) => scalar(call.builder, 'int64', call.input(0).shape.length)

/** The same elements under the sizes of the second input, of which one may be -1. */
export const reshape: OperatorWriter = (call) => {
  const { builder } = call
  const x = call.input(0)
  const target = call.list(1)
  if (target === undefined) throw call.refuse('makes a shape whose number of axes is not known; convert the model again')
  const shape = withRemainder(x.shape, target)
  if (shape === undefined) throw call.refuse(`makes the shape [${target.join()}] of [${x.shape.join()}]; convert the model again`)
  const free = shape.filter((size) => typeof size !== 'number')
  const open = shape.filter((size, axis) => typeof size !== 'number' && (size === null || size !== x.shape[axis]))
  if (open.length <= 1 && !(shape.includes(0) && free.length > 0)) return reshaped(builder, x, shape)
  return call.op('Reshape', [x, call.int64(call.input(1))], { dtype: x.dtype, shape }, { allowzero: 1 })
}

const expandDims: OperatorWriter = (call) => {
  const axis = call.node.has('dim') && call.inputs.length === 1 ? call.node.number('dim') : call.number(1, 'axis')
  return unsqueeze(call.builder, call.input(0), [call.axis(axis, call.input(0).shape.length + 1)])
}

const squeezed: OperatorWriter = (call) => {
  const x = call.input(0)
  return squeeze(call.builder, x, call.squeezedAxes(x.shape))
}

const pack: OperatorWriter = (call) => {
  const values = call.unified(call.inputs)
  if (values.length === 0) throw call.refuse('has no inputs; convert the model again')
  const axis = call.axis(call.node.number('axis', 0), values[0]!.shape.length + 1)
  return concat(
    call.builder,
    values.map((value) => unsqueeze(call.builder, value, [axis])),
    axis,
  )
}

const unpack: OperatorWriter = (call) => {
  const x = call.input(0)
  const axis = call.axis(call.node.number('axis', 0), x.shape.length)
  const count = typeof x.shape[axis] === 'number' ? x.shape[axis] : call.node.number('num', -1)
  return split(call.builder, x, new Array<number>(whole(call, count)).fill(1), axis).map((one) =>
    squeeze(call.builder, one, [axis]),
  )
}

/** More parts than any model has would only fill the memory. */
function whole(call: OperatorCall, count: number): number {
  if (!Number.isInteger(count) || count < 1 || count > 65536) throw call.refuse(`has ${count} parts; convert the model again`)
  return count
}

/** As many equal parts as the node says; the axis comes first. */
const splitEqually: OperatorWriter = (call) => {
  const x = call.input(1)
  const axis = call.axis(call.number(0, 'axis'), x.shape.length)
  const count = whole(call, call.node.number('num_split', 1))
  const sizes = equalSizes(x.shape[axis]!, count)
  if (sizes === undefined)
    throw call.refuse(`splits ${x.shape[axis] ?? 'an unknown size'} into ${count} equal parts; convert the model again`)
  return split(call.builder, x, sizes, axis)
}

const splitBySizes: OperatorWriter = (call) => {
  const x = call.input(0)
  const axis = call.axis(call.number(2, 'axis'), x.shape.length)
  const sizes = partSizes(x.shape[axis]!, call.numbers(1, 'sizes'))
  if (sizes === undefined) throw call.refuse('has parts of sizes that are not known, or do not fit; convert the model again')
  return split(call.builder, x, sizes, axis)
}

function joined(call: OperatorCall, values: readonly Value[], axis: number): Value {
  const all = call.unified(values.filter(({ shape }, _, { length }) => length === 1 || !(shape.length === 1 && shape[0] === 0)))
  const [first] = all.length > 0 ? all : values
  if (first === undefined || all.some(({ shape }) => shape.length !== first.shape.length))
    throw call.refuse('joins values of different ranks; convert the model again')
  return concat(call.builder, all.length > 0 ? all : [first], call.axis(axis, first.shape.length))
}

const sliced: OperatorWriter = (call) => {
  const x = call.input(0)
  const [begin, count] = [call.list(1), call.list(2)]
  if (begin !== undefined && count !== undefined && begin.every((one) => typeof one === 'number')) {
    const starts = begin as readonly number[]
    // A size that is not known may still be all of the axis.
    const isWhole = count.map((one, axis) => starts[axis] === 0 && one !== null && one === x.shape[axis])
    if (count.every((one, axis) => typeof one === 'number' || isWhole[axis])) {
      const sizes = count.map((one, axis) => (isWhole[axis] ? -1 : (one as number)))
      return sliceFrom(call.builder, x, starts, sizes)
    }
  }
  const [from, sizes] = [1, 2].map((k) => call.int64(call.input(k))) as [Value, Value]
  return sliceFromAsRun(call.builder, x, { starts: from, sizes, shape: x.shape.map((_, axis) => count?.[axis] ?? null) })
}

const tiled: OperatorWriter = (call) => {
  const x = call.input(0)
  const repeats = call.list(1)
  if (repeats !== undefined && isKnown(repeats)) return tile(call.builder, x, repeats)
  const shape = x.shape.map((one, axis): Dimension => {
    const times = repeats?.[axis]
    return times === undefined ? null : productOf([one, times])
  })
  return call.op('Tile', [x, call.int64(call.input(1))], { dtype: x.dtype, shape })
}

const filled: OperatorWriter = (call) => expanded(call, call.input(1), call.input(0), call.list(0))

const broadcastTo: OperatorWriter = (call) => expanded(call, call.input(0), call.input(1), call.list(1))

function expanded(call: OperatorCall, x: Value, sizes: Value, shape: readonly Dimension[] | undefined): Value {
  if (shape === undefined) throw call.refuse('makes a value whose number of axes is not known; convert the model again')
  return expand(call.builder, x, call.int64(sizes), shape)
}

const broadcastArguments: OperatorWriter = (call) => {
  const [a, b] = [call.list(0), call.list(1)]
  if (a === undefined || b === undefined || !isKnown(a) || !isKnown(b))
    throw call.refuse('broadcasts shapes that are not known; convert the model again')
  return call.builder.ints(broadcastShape(a, b) as number[])
}

/** Cells before and after each axis. */
function padsOf(call: OperatorCall, rank: number): (readonly [number, number])[] {
  const cells = call.numbers(1, 'padding')
  if (cells.length !== 2 * rank || cells.some((one) => one < 0))
    throw call.refuse(`pads ${cells.join()} cells of ${rank} axes; convert the model again`)
  return Array.from({ length: rank }, (_, axis) => [cells[2 * axis]!, cells[2 * axis + 1]!])
}

/** Cells around the value; the second version has a value for them. Both may be computed while the model runs. */
const padded: OperatorWriter = (call) => {
  const x = call.input(0)
  const filling = call.node.op === 'PadV2' ? call.cast(call.input(2), x.dtype) : undefined
  const cells = call.contents.of(call.input(1))?.elements
  if (cells === undefined || !isKnown(cells)) return paddedAsRun(call, x, filling, cells)
  return padAround(call.builder, x, padsOf(call, x.shape.length), { filling })
}

/** TensorFlow has a row of two cells for each axis, ONNX all that come before and then all that come after. */
function paddedAsRun(call: OperatorCall, x: Value, filling: Value | undefined, cells: readonly Dimension[] | undefined): Value {
  const rank = x.shape.length
  const asked = call.int64(call.input(1))
  const bySide = call.op('Transpose', [asked], { dtype: 'int64', shape: [2, rank] }, { perm: [1, 0] })
  const pads = call.op('Reshape', [bySide, call.builder.ints([-1])], { dtype: 'int64', shape: [2 * rank] })
  const shape = x.shape.map((size, axis): Dimension => {
    const [before, after] = [cells?.[2 * axis], cells?.[2 * axis + 1]]
    return typeof before === 'number' && typeof after === 'number' ? sizeWithPads(size, [before, after]) : null
  })
  return call.op('Pad', [x, pads, filling], { dtype: x.dtype, shape }, { mode: 'constant' })
}

const mirrorPadded: OperatorWriter = (call) => {
  const x = call.input(0)
  const pairs = padsOf(call, x.shape.length)
  const isSymmetric = call.node.text('mode', 'REFLECT').toUpperCase() === 'SYMMETRIC'
  return padAround(call.builder, x, pairs, { mode: isSymmetric ? 'symmetric' : 'reflect' })
}

const reversed: OperatorWriter = (call) => {
  const x = call.input(0)
  const axes = call.numbers(1, 'axes').map((axis) => call.axis(axis, x.shape.length))
  return slice(
    call.builder,
    x,
    axes.map((axis) => ({ axis, step: -1 })),
  )
}

const alike =
  (value: number): OperatorWriter =>
  (call) => {
    const x = call.input(0)
    const filler = x.dtype === 'string' ? undefined : scalar(call.builder, x.dtype, value)
    if (filler === undefined) throw call.refuse('makes texts of a number; convert the model again')
    return fullLike(call.builder, x, filler)
  }

const same: OperatorWriter = (call) => call.input(0)

export const SHAPES: OperatorTable = {
  Shape: (call) => shapeAsked(call, call.input(0)),
  ShapeN: (call) => call.inputs.map((x) => shapeAsked(call, x)),
  Size: size,
  Rank: rank,
  Reshape: reshape,
  ExpandDims: expandDims,
  Squeeze: squeezed,
  EnsureShape: same,
  Pack: pack,
  Unpack: unpack,
  Split: splitEqually,
  SplitV: splitBySizes,
  ConcatV2: (call) => joined(call, call.inputs.slice(0, -1), call.number(-1, 'axis')),
  Concat: (call) => joined(call, call.inputs.slice(1), call.number(0, 'axis')),
  Slice: sliced,
  StridedSlice: stridedSlice,
  Tile: tiled,
  Fill: filled,
  BroadcastTo: broadcastTo,
  BroadcastArgs: broadcastArguments,
  Pad: padded,
  PadV2: padded,
  MirrorPad: mirrorPadded,
  ReverseV2: reversed,
  Reverse: reversed,
  ZerosLike: alike(0),
  OnesLike: alike(1),
}
