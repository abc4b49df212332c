// What is chosen and written by where it stands, in a functional graph: scattered values, segments, places of a shape.
// keras/src/ops/{core,numpy,math}.py

import { binary, cast, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { type Reduction, reduce } from '@whyslow/graph/builder/reduce.ts'
import { expand, flat, takeEntry, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { LARGEST_FLOAT32 } from '@whyslow/graph/encode.ts'
import { floorDivide, floorModulo } from '../../tensorflow/arithmetic.ts'
import { segments as inSegments, putBlock, truePlaces } from '../../tensorflow/batched-gather.ts'
import { isList, wholesIn } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import { alikeOf, asTensor, flagIn, float, numberIn, type Operation, tensor, type WriteOperation } from './operation.ts'

export const places: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Scatter', scattered],
  ['ScatterUpdate', updated],
  ['SliceUpdate', sliceUpdated],
  // TensorFlow gives rows with a negative number no place.
  ['SegmentSum', (op) => segments(op, 'ReduceSum', 0)],
  ['SegmentProd', (op) => segments(op, 'ReduceProd', 1)],
  // TensorFlow's largest value of nothing.
  ['SegmentMax', (op) => segments(op, 'ReduceMax', -LARGEST_FLOAT32)],
  ['SegmentMin', (op) => segments(op, 'ReduceMin', LARGEST_FLOAT32)],
  ['UnravelIndex', unravelled],
  ['Select', selected],
  ['IsIn', isIn],
  ['InTopK', inTopK],
  ['Nonzero', nonzero],
  ['Unique', unique],
])

/** Ways to join that ScatterND has in opset 17. */
const JOINS: ReadonlySet<string> = new Set(['add', 'mul'])

/** Values at indices of a tensor of zeros; those of one place are added. */
function scattered(op: Operation): Value {
  const { builder } = op
  const [indices, values] = [asTensor(op, op.args[0], 'int64'), tensor(op, 1)]
  const shape = wholesIn(op.settings.shape)
  if (shape === undefined) throw op.refuse('has a shape that the model computes')
  const zeros = expand(builder, scalar(builder, values.dtype, 0), builder.ints(shape), shape)
  return builder.op('ScatterND', [zeros, cast(builder, indices, 'int64'), values], zeros, { reduction: 'add' })
}

function updated(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const told = op.settings.reduction ?? null
  if (told !== null && !JOINS.has(String(told)))
    throw op.refuse(`joins values by ${JSON.stringify(told)}, for which ONNX has an operator from opset 18 on alone`)
  const indices = cast(builder, asTensor(op, op.args[1], 'int64'), 'int64')
  const values = cast(builder, asTensor(op, op.args[2], x.dtype), x.dtype)
  return builder.op('ScatterND', [x, indices, values], x, told === null ? {} : { reduction: String(told) })
}

/** A block of the tensor, whose first cell is told or computed. */
function sliceUpdated(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const values = cast(builder, asTensor(op, op.args[2], x.dtype), x.dtype)
  const starts = cast(builder, asTensor(op, op.args[1], 'int64'), 'int64')
  const sizes = values.shape.map((size) => {
    if (typeof size !== 'number') throw op.refuse('writes a block of a size that the file leaves open')
    return size
  })
  return putBlock(builder, x, { ...values, shape: sizes }, starts)
}

/** Rows with the same number joined to one row. */
function segments(op: Operation, reduction: Reduction, neutral: number): Value {
  const x = tensor(op, 0)
  const ids = cast(op.builder, asTensor(op, op.args[1], 'int64'), 'int64')
  const count = op.settings.num_segments
  if (typeof count !== 'number') throw op.refuse('has as many segments as its numbers say, which is not known before it runs')
  return inSegments(op.builder, reduction, x, { ids, count, neutral })
}

/** As Keras computes it: of more axes than one it takes the sizes from the first on, and turns the results around. */
function unravelled(op: Operation): readonly Value[] {
  const { builder } = op
  const sizes = wholesIn(op.settings.shape)
  if (sizes === undefined) throw op.refuse('has a shape that is not known')
  let rest = tensor(op, 0)
  const order = rest.shape.length === 1 ? [...sizes].reverse() : sizes
  const made = order.map((size) => {
    const divisor = scalar(builder, rest.dtype, size)
    const place = floorModulo(builder, rest, divisor)
    rest = floorDivide(builder, rest, divisor)
    return place
  })
  return made.reverse()
}

/** The first choice whose condition holds. */
function selected(op: Operation): Value {
  const { builder } = op
  const [conditions, choices] = [op.args[0], op.args[1]]
  if (!isList(conditions) || !isList(choices) || conditions.length !== choices.length || choices.length === 0)
    throw op.refuse('is called without its conditions or choices')
  const otherwise: Argument = op.args[2] ?? op.settings.default ?? 0
  const values = alikeOf(op, [...choices, otherwise])
  const last = values.at(-1)!
  return conditions.reduceRight<Value>(
    (rest, condition, k) => where(builder, cast(builder, asTensor(op, condition), 'bool'), values[k]!, rest),
    last,
  )
}

function isIn(op: Operation): Value {
  const { builder } = op
  const [x, list] = alikeOf(op, op.args.slice(0, 2)) as [Value, Value]
  const hits = binary(builder, 'Equal', unsqueeze(builder, x, [-1]), flat(builder, list))
  const found = cast(builder, reduce(builder, 'ReduceMax', cast(builder, hits, 'int32'), { axes: [-1] }), 'bool')
  return flagIn(op, 'invert') ? unary(builder, 'Not', found) : found
}

/** Whether fewer than `k` predictions are larger than the target's. */
function inTopK(op: Operation): Value {
  const { builder } = op
  const [targets, predictions] = [cast(builder, tensor(op, 0), 'int64'), float(op, 1)]
  const index = unsqueeze(builder, targets, [1])
  const own = builder.op('GatherElements', [predictions, index], { dtype: predictions.dtype, shape: index.shape }, { axis: 1 })
  const larger = cast(builder, binary(builder, 'Greater', predictions, own), 'int32')
  return withNumber(builder, 'Less', reduce(builder, 'ReduceSum', larger, { axes: [1] }), numberIn(op, 'k'))
}

/** Places that are not zero: a list for each axis. */
function nonzero(op: Operation): readonly Value[] {
  const { builder } = op
  const found = truePlaces(builder, cast(builder, tensor(op, 0), 'bool'))
  return tensor(op, 0).shape.map((_, axis) => cast(builder, takeEntry(builder, found, { axis: 1, index: axis }), 'int32'))
}

/** Each value once, the smallest first. */
function unique(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  const told = ['return_index', 'return_inverse', 'return_counts', 'axis', 'size'].find(
    (key) => op.settings[key] !== null && op.settings[key] !== undefined && op.settings[key] !== false,
  )
  if (told !== undefined || op.settings.sorted === false)
    throw op.refuse(`finds unique values with its ${told ?? 'sorted=False'}, which is not written here`)
  const dtype = x.dtype === 'int32' ? 'int64' : x.dtype
  return cast(
    builder,
    builder.op('Unique', [flat(builder, cast(builder, x, dtype))], { dtype, shape: [null] }, { sorted: 1 }),
    x.dtype,
  )
}
