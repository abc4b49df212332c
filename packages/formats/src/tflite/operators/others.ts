// Diagonals, buckets, boxes that overlap. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels

import { cast, constantOf, scalar, where } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { bucketOf } from '@whyslow/graph/builder/reduce.ts'
import { reshape, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { suppressedWithScores } from '../../tensorflow/boxes.ts'
import { FreeSizeError, movement, number, type OperatorCall, optionsOf, realInput, store, type Writers } from '../operator.ts'
import { widen } from './arithmetic.ts'

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
  const [x, values] = [realInput(call, 0), realInput(call, 1)]
  const [rows, columns] = x.shape.slice(-2)
  const wide = typeof rows === 'number' && typeof columns === 'number' && rows !== columns
  if (wide) throw call.refusal('has a matrix that is not square, which is not read')
  return [
    store(
      call,
      widen(builder, [x, values], ([a, b]) => where(builder, onDiagonal(call, rows, columns), unsqueeze(builder, b!, [-2]), a!)),
    ),
  ]
}

/** How many boundaries are at or below each number. */
function bucketized(call: OperatorCall): Value[] {
  const { builder } = call
  const { boundaries } = optionsOf(call, 'BucketizeOptions')
  const x = cast(builder, realInput(call, 0), 'float32')
  const limits = builder.constant(constantOf('float32', [boundaries.length], boundaries), 'boundaries')
  return [bucketOf(builder, x, limits)]
}

/**
 * Boxes [y1, x1, y2, x2] and scores: the best that do not overlap those before, filled up with 0 to the most that may be, and how many
 * they are. ONNX gives them in order of their scores, too. V5 gives their scores besides.
 */
function nonMaxSuppression(call: OperatorCall): Value[] {
  const { builder } = call
  const [boxes, scores] = [realInput(call, 0), realInput(call, 1)]
  const most = number(call, 2)
  if (most < 0 || most > 1 << 16) throw call.refusal(`keeps ${most} boxes`)
  const withScores = call.operator === 'NON_MAX_SUPPRESSION_V5'
  if (withScores && number(call, 5) !== 0)
    throw call.refusal('lowers scores by a soft sigma, which ONNX cannot: convert the model with soft_nms_sigma 0')
  const [overlap, threshold] = [3, 4].map((k) => reshape(builder, realInput(call, k), [1])) as [Value, Value]
  const found = suppressedWithScores(builder, { boxes, scores, most: builder.ints([most]), overlap, threshold }, most)
  const [indices, count] = [found.indices, found.count].map((value) => cast(builder, value, 'int32')) as [Value, Value]
  return withScores ? [indices, found.scores, count] : [indices, count]
}

export const OTHER_OPERATORS: Writers = {
  MATRIX_DIAG: movement(diagonal),
  MATRIX_SET_DIAG: withDiagonal,
  BUCKETIZE: bucketized,
  NON_MAX_SUPPRESSION_V4: nonMaxSuppression,
  NON_MAX_SUPPRESSION_V5: nonMaxSuppression,
}
