// Over axes: sums, largest entries and where they stand, running sums, softmax.

import { binary, unary } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf, type Reduction, reduce, runningSum, softmax, topK } from '@whyslow/graph/builder/reduce.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'

/** An empty list of axes leaves the value as it is. */
function axesOf(call: OperatorCall): readonly number[] {
  const rank = call.input(0).shape.length
  return [...new Set(call.numbers(1, 'axes').map((axis) => call.axis(axis, rank)))]
}

function reduced(call: OperatorCall, reduction: Reduction, x: Value): Value {
  const keepDims = call.node.flag('keep_dims') || call.node.flag('keepDims')
  return reduce(call.builder, reduction, x, { axes: axesOf(call), keepDims })
}

const over =
  (reduction: Reduction): OperatorWriter =>
  (call) =>
    reduced(call, reduction, call.input(0))

/** All and Any are the smallest and the largest of 0 and 1. */
const truth =
  (reduction: 'ReduceMin' | 'ReduceMax'): OperatorWriter =>
  (call) =>
    call.cast(reduced(call, reduction, call.cast(call.input(0), 'int32')), 'bool')

const mean: OperatorWriter = (call) => reduced(call, 'ReduceMean', call.cast(call.input(0), 'float32'))

const indexed =
  (opType: 'ArgMax' | 'ArgMin'): OperatorWriter =>
  (call) => {
    const x = call.input(0)
    return indexOf(call.builder, opType, x, { axis: call.axis(call.number(1, 'axis'), x.shape.length) })
  }

const summed: OperatorWriter = (call) => {
  const x = call.input(0)
  const axis = call.axis(call.number(1, 'axis'), x.shape.length)
  const ways = { exclusive: call.node.flag('exclusive'), reverse: call.node.flag('reverse') }
  return runningSum(call.builder, x, axis, ways)
}

/** The k largest of the last axis and where they stand. */
const largest: OperatorWriter = (call) => {
  const x = call.input(0)
  const asked = call.node.has('k') && call.inputs.length === 1 ? call.node.number('k') : call.list(1)?.[0]
  // ONNX sorts always; TensorFlow may leave out to sort, and does not say in which order then.
  return topK(call.builder, x, typeof asked === 'number' ? asked : call.int64(reshape(call.builder, call.input(1), [1])))
}

const softmaxed: OperatorWriter = (call) => softmax(call.builder, call.input(0))

const logSoftmax: OperatorWriter = (call) =>
  unary(call.builder, 'LogSoftmax', call.input(0), { axis: call.input(0).shape.length - 1 })

/** More than any model counts would only fill the memory. */
const MOST_CLASSES = 2 ** 20

/** How often each number from 0 to size - 1 stands in the input, or the sum of its weights. */
const bincount: OperatorWriter = (call) => {
  const { builder } = call
  const values = call.input(0)
  const size = call.number(1, 'size')
  if (!Number.isInteger(size) || size < 0 || size > MOST_CLASSES)
    throw call.refuse(`counts ${size} numbers; convert the model again`)
  const weights = call.input(2)
  if (values.shape.length !== 1 || weights.shape[0] !== 0 || call.node.flag('binary_output'))
    throw call.refuse('counts with weights, by rows or only once, which is not supported; compute it before the model')
  const classes = builder.constant({ dtype: 'int32', shape: [size, 1], data: Int32Array.from({ length: size }, (_, k) => k) })
  const hits = binary(builder, 'Equal', classes, call.cast(values, 'int32'))
  return reduce(builder, 'ReduceSum', call.cast(hits, weights.dtype), { axes: [1] })
}

export const REDUCTIONS: OperatorTable = {
  Sum: over('ReduceSum'),
  Mean: mean,
  Max: over('ReduceMax'),
  Min: over('ReduceMin'),
  Prod: over('ReduceProd'),
  EuclideanNorm: over('ReduceL2'),
  All: truth('ReduceMin'),
  Any: truth('ReduceMax'),
  ArgMax: indexed('ArgMax'),
  ArgMin: indexed('ArgMin'),
  Cumsum: summed,
  TopKV2: largest,
  TopK: largest,
  Softmax: softmaxed,
  LogSoftmax: logSoftmax,
  Bincount: bincount,
  DenseBincount: bincount,
}
