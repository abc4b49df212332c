// Entries chosen by indices, written by indices, and where entries stand.

import { scalar } from '@whyslow/graph/builder/broadcast.ts'
import { concat, expand, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { batchedGather, gatherAt, putInto, truePlaces, uniqueOf } from '../../tensorflow/batched-gather.ts'
import type { OperatorTable, OperatorWriter } from '../operator-call.ts'

/** Along an axis; with batch dimensions each row has its own indices. */
const gathered: OperatorWriter = (call) => {
  const [x, indices] = [call.input(0), call.input(1)]
  const axis = call.axis(call.inputs.length > 2 ? call.number(2, 'axis') : 0, x.shape.length)
  const given = call.node.number('batch_dims', 0)
  const batch = given < 0 ? given + indices.shape.length : given
  if (batch < 0 || batch > axis || batch > indices.shape.length)
    throw call.refuse(`gathers axis ${axis} after ${given} batch axes; convert the model again`)
  return batchedGather(call.builder, x, indices, { axis, batch })
}

const gatheredEach: OperatorWriter = (call) => {
  const indices = call.input(1)
  if (typeof indices.shape.at(-1) !== 'number')
    throw call.refuse('has indices of a length that is not known; convert the model again')
  return gatherAt(call.builder, call.input(0), indices)
}

/** Into zeros of the shape that the last input tells; what meets is added. */
const scattered: OperatorWriter = (call) => {
  const updates = call.input(1)
  const shape = call.list(2)
  if (shape === undefined) throw call.refuse('makes a value whose number of axes is not known; convert the model again')
  const zeros = expand(call.builder, scalar(call.builder, updates.dtype, 0), call.int64(call.input(2)), shape)
  return call.op('ScatterND', [zeros, call.int64(call.input(0)), updates], zeros, { reduction: 'add' })
}

const updated: OperatorWriter = (call) => {
  const x = call.input(0)
  return call.op('ScatterND', [x, call.int64(call.input(1)), call.input(2)], x)
}

/** Indices, the shape of the result, values (or one for all), and what stands elsewhere. */
const dense: OperatorWriter = (call) => {
  const { builder } = call
  const [values, shape] = [call.input(2), call.list(1)]
  if (shape === undefined) throw call.refuse('makes a value whose number of axes is not known; convert the model again')
  const base = expand(builder, call.cast(call.input(3), values.dtype), call.int64(call.input(1)), shape)
  return putInto(builder, base, call.int64(call.input(0)), values)
}

/** Depth, and the values for on and off. */
const oneHot: OperatorWriter = (call) => {
  const { builder } = call
  const indices = call.input(0)
  const [on, off] = call.unified([call.input(2), call.input(3)])
  const asked = call.node.number('axis', -1)
  const axis = asked === -1 ? indices.shape.length : call.axis(asked, indices.shape.length + 1)
  const depth: Dimension = call.list(1)?.[0] ?? null
  // The engine has it for few types of values.
  const dtype = on!.dtype === 'float32' ? 'float32' : 'int64'
  const values = concat(
    builder,
    [off!, on!].map((value) => unsqueeze(builder, call.cast(value, dtype), [0])),
    0,
  )
  const shape = [...indices.shape.slice(0, axis), typeof depth === 'number' ? depth : null, ...indices.shape.slice(axis)]
  // ONNX counts negative indices from the end, and TensorFlow gives them no place: they are moved beyond the last.
  const whole = call.int64(indices)
  const size = call.int64(call.input(1))
  const isNegative = call.op('Less', [whole, scalar(builder, 'int64', 0)], { dtype: 'bool', shape: whole.shape })
  const placed = call.op('Where', [isNegative, size, whole], whole)
  const result = call.op('OneHot', [placed, size, values], { dtype, shape }, { axis })
  return call.cast(result, on!.dtype)
}

const range: OperatorWriter = (call) => {
  const limits = call.unified([call.input(0), call.input(1), call.input(2)])
  return call.op('Range', limits, { dtype: limits[0]!.dtype, shape: [null] })
}

const linSpace: OperatorWriter = (call) => {
  const [start, stop, count] = [call.number(0, 'start'), call.number(1, 'stop'), call.number(2, 'count')]
  if (!Number.isInteger(count) || count < 1 || count > 2 ** 24) throw call.refuse(`has ${count} steps; convert the model again`)
  const step = count === 1 ? 0 : (stop - start) / (count - 1)
  return call.builder.constant({
    dtype: 'float32',
    shape: [count],
    data: Float32Array.from({ length: count }, (_, k) => start + k * step),
  })
}

/** The numbers in the order in which they first stand, and which one stands at each place. */
const unique: OperatorWriter = (call) => {
  const x = call.input(0)
  if (x.shape.length !== 1 || call.node.op === 'UniqueV2')
    throw call.refuse('finds unique rows, which is not supported; compute it before the model')
  return uniqueOf(call.builder, x)
}

export const GATHER_OPERATORS: OperatorTable = {
  Gather: gathered,
  GatherV2: gathered,
  ResourceGather: gathered,
  GatherNd: gatheredEach,
  ScatterNd: scattered,
  TensorScatterUpdate: updated,
  SparseToDense: dense,
  Where: (call) => truePlaces(call.builder, call.input(0)),
  OneHot: oneHot,
  Range: range,
  LinSpace: linSpace,
  Unique: unique,
  UniqueV2: unique,
}
