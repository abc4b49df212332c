// Diagonals, buckets, boxes that overlap. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels
import type { Value } from '../../build/graph-builder.ts'
import { binary, cast, constantOf, scalar, where } from '../../tensorflow/broadcast.ts'
import { reduce } from '../../tensorflow/reduce.ts'
import { concat, reshape, slice, unsqueeze } from '../../tensorflow/shapes.ts'
import { FreeSizeError, moving, number, type OperatorCall, optionsOf, real, stored, type Writers } from '../operator.ts'
import { widened } from './arithmetic.ts'

/** True on the diagonal of the last two axes. */
function onDiagonal(call: OperatorCall, rows: unknown, columns: unknown): Value {
  if (typeof rows !== 'number' || typeof columns !== 'number') throw new FreeSizeError('a diagonal of free size')
  if (rows * columns > 1 << 22) throw call.refusal(`has a diagonal of ${rows}x${columns}, which is not read`)
  const cells = Array.from({ length: rows * columns }, (_, cell) => Number(Math.floor(cell / columns) === cell % columns))
  return call.builder.constant(constantOf('bool', [rows, columns], cells), 'diagonal')
}

function diagonal(call: OperatorCall, x: Value): Value {
  const { builder } = call
  const size = x.shape.at(-1)
  const zero = scalar(builder, x.dtype, 0)
  return where(builder, onDiagonal(call, size, size), unsqueeze(builder, x, [-2]), zero)
}

function withDiagonal(call: OperatorCall): Value[] {
  const { builder } = call
  const [x, values] = [real(call, 0), real(call, 1)]
  const [rows, columns] = x.shape.slice(-2)
  const wide = typeof rows === 'number' && typeof columns === 'number' && rows !== columns
  if (wide) throw call.refusal('has a matrix that is not square, which is not read')
  return [
    stored(
      call,
      widened(builder, [x, values], ([a, b]) =>
        where(builder, onDiagonal(call, rows, columns), unsqueeze(builder, b!, [-2]), a!),
      ),
    ),
  ]
}

/** How many boundaries are at or below each number. */
function bucketized(call: OperatorCall): Value[] {
  const { builder } = call
  const { boundaries } = optionsOf(call, 'BucketizeOptions')
  const x = cast(builder, real(call, 0), 'float32')
  const limits = builder.constant(constantOf('float32', [boundaries.length], boundaries), 'boundaries')
  const above = cast(builder, binary(builder, 'GreaterOrEqual', unsqueeze(builder, x, [-1]), limits), 'int32')
  return [reduce(builder, 'ReduceSum', above, { axes: [-1] })]
}

/**
 * Boxes [y1, x1, y2, x2] and scores: the best that do not overlap those before, filled up with 0 to the most that may be, and how many
 * they are. ONNX gives them in order of their scores, too.
 */
function nonMaxSuppression(call: OperatorCall): Value[] {
  const { builder } = call
  const [boxes, scores] = [real(call, 0), real(call, 1)]
  const most = number(call, 2)
  if (most < 0 || most > 1 << 16) throw call.refusal(`keeps ${most} boxes`)
  const [overlap, threshold] = [3, 4].map((k) => reshape(builder, real(call, k), [1]))
  const found = builder.op(
    'NonMaxSuppression',
    [unsqueeze(builder, boxes, [0]), unsqueeze(builder, scores, [0, 1]), builder.ints([most]), overlap, threshold],
    { dtype: 'int64', shape: [null, 3] },
  )
  const indices = reshape(builder, slice(builder, found, [{ axis: 1, start: 2 }]), [null])
  const zeros = builder.constant(
    constantOf(
      'int64',
      [most],
      Array.from({ length: most }, () => 0),
    ),
    'zeros',
  )
  const padded = slice(builder, concat(builder, [indices, zeros], 0), [{ axis: 0, start: 0, end: most }])
  const count = reshape(builder, builder.op('Shape', [indices], { dtype: 'int64', shape: [1] }), [])
  return [cast(builder, { ...padded, shape: [most] }, 'int32'), cast(builder, count, 'int32')]
}

export const OTHERS: Writers = {
  MATRIX_DIAG: moving(diagonal),
  MATRIX_SET_DIAG: withDiagonal,
  BUCKETIZE: bucketized,
  NON_MAX_SUPPRESSION_V4: nonMaxSuppression,
}
