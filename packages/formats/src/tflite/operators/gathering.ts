// Entries by their indices: taken, put, counted. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels

import { binary, cast, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import { int64s } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Reduction } from '@whyslow/graph/builder/reduce.ts'
import { gather, reshape, sizeAsRun, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import { LARGEST_FLOAT32 } from '@whyslow/graph/encode.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import {
  batchedGather,
  gatherAt,
  segments as inSegments,
  isClass,
  putBlock,
  putInto,
  truePlaces,
  uniqueOf,
} from '../../tensorflow/batched-gather.ts'
import {
  asInt64,
  FreeSizeError,
  input,
  knownNumbers,
  movement,
  number,
  type OperatorCall,
  optionsOf,
  realInput,
  realOf,
  store,
  type WriteOperator,
  type Writers,
} from '../operator.ts'
import { fill } from '../tensor-content.ts'
import { widen } from './arithmetic.ts'
import { axisIn } from './shapes.ts'

function gathering(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const options = optionsOf(call, 'GatherOptions')
  const indices = indicesOf(call, 1)
  const axis = axisIn(call, options.axis, x.shape.length)
  const batch = options.batch_dims < 0 ? options.batch_dims + indices.shape.length : options.batch_dims
  if (batch > axis || batch > indices.shape.length) throw call.refusal(`has ${batch} batch axes before axis ${axis}`)
  return batchedGather(builder, x, indices, { axis, batch })
}

/** Integers of the kinds that ONNX takes as indices. */
function indicesOf(call: OperatorCall, k: number): Value {
  const { value } = input(call, k)
  return value.dtype === 'int32' || value.dtype === 'int64' ? value : asInt64(call.builder, value)
}

/** Rows of a table; where that is of integers with a scale for each row, rows and scales are taken and then multiplied. */
function embedding(call: OperatorCall): Value[] {
  const { builder } = call
  const table = input(call, 1)
  const ids = indicesOf(call, 0)
  const rows = gather(builder, table.value, ids, 0)
  const { quantization } = table
  if (quantization === undefined || call.outputs[0]!.dtype === table.dtype)
    return [store(call, realOf(call, { ...table, value: rows, content: undefined }))]
  if (quantization.scales.length === 1) return [store(call, realOf(call, { ...table, value: rows, content: undefined }))]
  if (quantization.axis !== 0 || quantization.zeroPoints.some((point) => point !== 0))
    throw call.refusal('has a table quantized along its columns')
  const scales = builder.constant({
    dtype: 'float32',
    shape: [quantization.scales.length],
    data: Float32Array.from(quantization.scales),
  })
  const each = unsqueeze(
    builder,
    gather(builder, scales, ids, 0),
    table.shape.slice(1).map((_, k) => ids.shape.length + k),
  )
  return [store(call, binary(builder, 'Mul', cast(builder, rows, 'float32'), each))]
}

/** `x` at lists of indices, one number an axis. */
function gatheringNd(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const indices = asInt64(builder, input(call, 1).value)
  const depth = indices.shape.at(-1)
  if (typeof depth !== 'number') throw new FreeSizeError('indices of free depth')
  if (depth > x.shape.length) throw call.refusal(`has indices for ${depth} axes of ${x.shape.length}`)
  return gatherAt(builder, x, indices)
}

/** Updates added into zeros: entries that are named twice add up. */
function scattering(call: OperatorCall): Value[] {
  const { builder } = call
  const indices = asInt64(builder, input(call, 0).value)
  const updates = realInput(call, 1)
  const zeros = spread(call, 2, scalar(builder, updates.dtype, 0))
  return [store(call, builder.op('ScatterND', [zeros, indices, updates], zeros, { reduction: 'add' }))]
}

/** The most cells that a constant is written out for. */
const MOST_CELLS = 1 << 16

/** `value` everywhere, of the shape that input `k` says. */
function spread(call: OperatorCall, k: number, value: Value): Value {
  const { builder } = call
  const sizes = knownNumbers(call, k)
  const shape: readonly Dimension[] = sizes ?? call.outputs[0]!.shape
  if (sizes?.some((size) => size < 0)) throw call.refusal(`has the shape ${sizes.join('x')}`)
  if (sizes !== undefined && elementCount(sizes) <= MOST_CELLS && value.constant !== undefined) {
    const [known] = Array.from(value.constant.data as ArrayLike<number | bigint>, Number)
    return builder.constant(fill(value.dtype, sizes, known!))
  }
  return builder.op('Expand', [value, asInt64(builder, input(call, k).value)], { dtype: value.dtype, shape })
}

/** Values at indices (one, a list, or a list of lists), the default everywhere else. */
function sparseToDense(call: OperatorCall): Value[] {
  const { builder } = call
  const [values, fallback] = [realInput(call, 2), realInput(call, 3)]
  const everywhere = spread(call, 1, reshape(builder, fallback, []))
  return [store(call, putInto(builder, everywhere, asInt64(builder, input(call, 0).value), values))]
}

/** An index beyond the depth, or a negative one, is off everywhere: ONNX's OneHot counts negative ones from the end. */
function oneHot(call: OperatorCall): Value[] {
  const { builder } = call
  const { axis } = optionsOf(call, 'OneHotOptions')
  const indices = indicesOf(call, 0)
  const [on, off] = [realInput(call, 2), realInput(call, 3)]
  const rank = indices.shape.length + 1
  const at = axis < 0 ? rank - 1 : axisIn(call, axis, rank)
  const depth = number(call, 1)
  if (depth < 0 || depth > MOST_CELLS) throw call.refusal(`has a depth of ${depth}`)
  const hit = isClass(builder, indices, { depth, axis: at })
  return [
    store(
      call,
      widen(builder, [on, off], ([one, zero]) => where(builder, hit, one!, zero!)),
    ),
  ]
}

function whereTrue(call: OperatorCall): Value[] {
  return [cast(call.builder, truePlaces(call.builder, input(call, 0).value), call.outputs[0]!.dtype)]
}

function unique(call: OperatorCall): Value[] {
  const { builder } = call
  const x = realInput(call, 0)
  const [values, inverse] = uniqueOf(builder, x)
  return [store(call, cast(builder, values, x.dtype)), cast(builder, inverse, call.outputs[1]?.dtype ?? 'int32')]
}

/** Start indices are moved so that the update fits. */
function dynamicUpdate(call: OperatorCall): Value[] {
  const { builder } = call
  const [operand, update] = [realInput(call, 0), realInput(call, 1)]
  const [whole, part] = [operand.shape, update.shape]
  // Sizes that are free on both sides are one: else the concatenation says so.
  const smaller = whole.flatMap((size, axis) => (size === part[axis] ? [] : [axis]))
  if (whole.length === part.length && smaller.length === 1 && fits(whole[smaller[0]!]!, part[smaller[0]!]!))
    return [store(call, updatedAlong(call, { operand, update, axis: smaller[0]! }))]
  if (![...whole, ...part].every((size) => typeof size === 'number')) throw new FreeSizeError('an update of free size')
  const [sizes, partSizes] = [whole as number[], part as number[]]
  if (sizes.length !== partSizes.length || partSizes.some((size, axis) => size > sizes[axis]!))
    throw call.refusal(`puts ${part.join('x')} into ${whole.join('x')}`)
  const starts = asInt64(builder, input(call, 2).value)
  const most = builder.constant(int64s(sizes.map((size, axis) => size - partSizes[axis]!)))
  const clamped = builder.op('Max', [builder.op('Min', [starts, most], starts), scalar(builder, 'int64', 0)], starts)
  const cells = elementCount(partSizes)
  if (cells * sizes.length > MOST_CELLS * 16) throw call.refusal(`puts ${cells} cells, which is not read`)
  return [store(call, putBlock(builder, operand, update, clamped))]
}

const fits = (whole: Dimension, part: Dimension): boolean =>
  typeof part === 'number' && (typeof whole !== 'number' || part <= whole)

interface Update {
  readonly operand: Value
  readonly update: Value
  /** The only one along which the update is smaller. */
  readonly axis: number
}

/** What stands before the update, the update, and what stands behind it. */
function updatedAlong(call: OperatorCall, { operand, update, axis }: Update): Value {
  const { builder } = call
  const list = { dtype: 'int64', shape: [1] } as const
  const [all, size] = [sizeAsRun(builder, operand, axis), sizeAsRun(builder, update, axis)]
  const start = gather(builder, asInt64(builder, input(call, 2).value), builder.ints([axis]))
  const at = builder.op('Max', [builder.op('Min', [start, binary(builder, 'Sub', all, size)], list), builder.ints([0])], list)
  const type = { dtype: operand.dtype, shape: operand.shape.map((one, k) => (k === axis ? null : one)) }
  const part = (from: Value, to: Value) => builder.op('Slice', [operand, from, to, builder.ints([axis])], type)
  const parts = [part(builder.ints([0]), at), update, part(binary(builder, 'Add', at, size), all)]
  return builder.op('Concat', parts, operand, { axis })
}

/** Rows of the same segment brought together; a segment without rows is `neutral`. */
function segments(reduction: Reduction, neutral: number): WriteOperator {
  return (call) => {
    const { builder } = call
    const data = realInput(call, 0)
    const ids = indicesOf(call, 1)
    const count = call.operator === 'SEGMENT_SUM' ? segmentCount(call) : number(call, 2)
    const [rows] = data.shape
    if (ids.shape.length !== 1) throw call.refusal('has segments of more than one axis, which is not read')
    if (typeof rows === 'number' && count * rows > MOST_CELLS * 16) throw call.refusal(`has ${count} segments, which is not read`)
    return [store(call, inSegments(builder, reduction, data, { ids, count, neutral }))]
  }
}

function segmentCount(call: OperatorCall): number {
  const known = knownNumbers(call, 1)
  const declared = call.outputs[0]!.shape[0]
  if (known !== undefined) return Math.max(0, ...known.map((id) => id + 1))
  if (typeof declared !== 'number') throw call.refusal('has as many segments as its data say, which is not read')
  return declared
}

export const GATHER_OPERATORS: Writers = {
  GATHER: movement(gathering),
  GATHER_ND: movement(gatheringNd),
  EMBEDDING_LOOKUP: embedding,
  SCATTER_ND: scattering,
  SPARSE_TO_DENSE: sparseToDense,
  ONE_HOT: oneHot,
  WHERE: whereTrue,
  UNIQUE: unique,
  DYNAMIC_UPDATE_SLICE: dynamicUpdate,
  SEGMENT_SUM: segments('ReduceSum', 0),
  UNSORTED_SEGMENT_SUM: segments('ReduceSum', 0),
  UNSORTED_SEGMENT_PROD: segments('ReduceProd', 1),
  UNSORTED_SEGMENT_MAX: segments('ReduceMax', -LARGEST_FLOAT32),
  UNSORTED_SEGMENT_MIN: segments('ReduceMin', LARGEST_FLOAT32),
}
