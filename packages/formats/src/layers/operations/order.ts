// What goes along an axis in a functional graph: sorting, running products, differences, weighted means. keras/src/ops/numpy.py

import { binary, cast, scalar, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce, runningSum, topK } from '@whyslow/graph/builder/reduce.ts'
import { concat, flat, fullLike, reshape, slice } from '@whyslow/graph/builder/shapes.ts'
import { LARGEST_FLOAT32 } from '@whyslow/graph/encode.ts'
import { dtypeIn } from '../arguments.ts'
import {
  asTensor,
  axesIn,
  axisIn,
  checkedAxis,
  float,
  knownSize,
  numberIn,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'

export const orders: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Sort', (op) => sorted(op)[0]],
  ['Argsort', (op) => cast(op.builder, sorted(op)[1], 'int32')],
  ['Cumprod', (op) => runningProduct(op)],
  ['Nancumsum', (op) => runningSumOfNumbers(op)],
  ['Nancumprod', (op) => runningProduct(op, withoutNan(op, 1))],
  ['Diff', differences],
  ['Average', average],
  ['NanToNum', (op) => withoutNan(op)],
])

/** The tensor and the axis that is meant; all elements in one if none is told. */
function along(op: Operation, x: Value, fallback?: number): { readonly x: Value; readonly axis: number } {
  const told = op.settings.axis === undefined ? (fallback ?? null) : op.settings.axis
  if (told !== null)
    return { x, axis: typeof told === 'number' ? checkedAxis(op, told, x.shape.length) : axisIn(op, x.shape.length) }
  return { x: flat(op.builder, x), axis: 0 }
}

/** The smallest first, and where each stood. */
function sorted(op: Operation): readonly [Value, Value] {
  const given = tensor(op, 0)
  const { x, axis } = along(op, given.dtype === 'bool' ? cast(op.builder, given, 'int32') : given, -1)
  const smallest = op.settings.direction !== 'DESCENDING'
  const [values, places] = topK(op.builder, x, knownSize(op, x, axis), { axis, smallest })
  return [cast(op.builder, values, given.dtype), places]
}

/** Product of each entry and all before it: after round k every entry holds the product of 2^k, itself the last. */
function runningProduct(op: Operation, given = tensor(op, 0)): Value {
  const dtype = dtypeIn(op.settings.dtype)
  const { x, axis } = along(op, dtype === undefined ? given : cast(op.builder, given, dtype))
  const size = knownSize(op, x, axis)
  let product = x
  for (let step = 1; step < size; step *= 2) {
    const [first, later, before] = [{ end: step }, { start: step }, { end: size - step }].map((part) =>
      slice(op.builder, product, [{ axis, ...part }]),
    ) as [Value, Value, Value]
    product = concat(op.builder, [first, binary(op.builder, 'Mul', later, before)], axis)
  }
  return product
}

function differences(op: Operation): Value {
  const x = tensor(op, 0)
  const axis = axisIn(op, x.shape.length, { fallback: -1 })
  let value = x
  for (let k = 0; k < numberIn(op, 'n', 1); k++) {
    const [later, before] = [{ start: 1 }, { end: -1 }].map((part) => slice(op.builder, value, [{ axis, ...part }]))
    value = binary(op.builder, 'Sub', later!, before!)
  }
  return value
}

/** Weights have the tensor's shape, or are one for each entry of the axis. */
function average(op: Operation): Value {
  const { builder } = op
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length)
  const told = op.args[1] ?? op.settings.weights ?? null
  if (told === null) return reduce(builder, 'ReduceMean', x, { axes })
  const given = asTensor(op, told, 'float32')
  const [axis] = axes ?? []
  const single = given.shape.length === 1 && x.shape.length > 1 && axes?.length === 1
  if (!single && given.shape.length !== x.shape.length) throw op.refuse('has weights of another shape than what they weigh')
  const weights = single
    ? reshape(
        builder,
        given,
        x.shape.map((_, k) => (k === axis ? given.shape[0]! : 1)),
      )
    : given
  const factor = cast(builder, weights, x.dtype)
  const sum = reduce(builder, 'ReduceSum', binary(builder, 'Mul', x, factor), { axes })
  const whole = single ? factor : binary(builder, 'Mul', factor, fullLike(builder, x, scalar(builder, x.dtype, 1)))
  return binary(builder, 'Div', sum, reduce(builder, 'ReduceSum', whole, { axes }))
}

/** NaN counts as 0. */
function runningSumOfNumbers(op: Operation): Value {
  const dtype = dtypeIn(op.settings.dtype)
  const numbers = withoutNan(op, 0)
  const { x, axis } = along(op, dtype === undefined ? numbers : cast(op.builder, numbers, dtype))
  return runningSum(op.builder, x, axis)
}

/** Keras' cumulated sums and products take infinity for the largest number, too. */
function withoutNan(op: Operation, nan?: number): Value {
  const { builder } = op
  const x = float(op, 0)
  const full = (value: number): Value => fullLike(builder, x, scalar(builder, x.dtype, value))
  const flags = (opType: string): Value => builder.op(opType, [x], { dtype: 'bool', shape: x.shape })
  const infinite = flags('IsInf')
  const [high, low] = [numberIn(op, 'posinf', LARGEST_FLOAT32), numberIn(op, 'neginf', -LARGEST_FLOAT32)]
  const signed = where(builder, withNumber(builder, 'Greater', x, 0), full(high), full(low))
  return where(builder, flags('IsNaN'), full(nan ?? numberIn(op, 'nan', 0)), where(builder, infinite, signed, x))
}
