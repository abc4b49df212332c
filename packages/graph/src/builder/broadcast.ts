// Arithmetic of one value and of two, with NumPy's broadcasting: https://numpy.org/doc/stable/user/basics.broadcasting.html

import { broadcastAxes } from '../broadcast.ts'
import type { NodeHead } from '../build.ts'
import { dataTypeOf } from '../dtype.ts'
import { toBfloat16, toFloat16 } from '../encode.ts'
import type { Dimension, DType } from '../types.ts'
import { arrayFor, type ConstantData } from './constant-data.ts'
import type { GraphBuilder, Value } from './graph-builder.ts'

type Attributes = Parameters<GraphBuilder['op']>[3]

/** Operators of two values that answer with bool. */
const COMPARISONS: ReadonlySet<string> = new Set(['Equal', 'Greater', 'GreaterOrEqual', 'Less', 'LessOrEqual'])

/** Values of two: an operator of ONNX that broadcasts ('Add', 'Greater' …). Both have the same dtype. */
export function binary(builder: GraphBuilder, opType: string, a: Value, b: Value): Value {
  const dtype = COMPARISONS.has(opType) ? 'bool' : a.dtype
  return builder.op(opType, [a, b], { dtype, shape: broadcastShape(a.shape, b.shape) })
}

/** The operator of many values that broadcasts ('Max', 'Sum'), of one or more. */
export function variadicOperator(builder: GraphBuilder, opType: string, values: readonly Value[]): Value {
  const shape = values.map((value) => value.shape).reduce(broadcastShape)
  return builder.op(opType, values, { dtype: values[0]!.dtype, shape })
}

/** An operator of one value that keeps its type and shape. */
export function unary(builder: GraphBuilder, head: string | NodeHead, x: Value, attributes: Attributes = {}): Value {
  return builder.op(head, [x], { dtype: x.dtype, shape: x.shape }, attributes)
}

/** `x` with `opType` and one number of x's own dtype behind it: 'Mul' by 2. */
export function withNumber(builder: GraphBuilder, opType: string, x: Value, number: number): Value {
  return binary(builder, opType, x, scalar(builder, x.dtype, number))
}

/** `condition` ? a : b, element by element. */
export function where(builder: GraphBuilder, condition: Value, a: Value, b: Value): Value {
  const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape))
  return builder.op('Where', [condition, a, b], { dtype: a.dtype, shape })
}

/** Limits `x` to `low` … `high`; undefined: no limit on that side. */
export function clip(builder: GraphBuilder, x: Value, low: number | undefined, high: number | undefined): Value {
  const limit = (value: number | undefined) => (value === undefined ? undefined : scalar(builder, x.dtype, value))
  return builder.op('Clip', [x, limit(low), limit(high)], x)
}

/** `x` with another element type; as it is where it has it. */
export function cast(builder: GraphBuilder, x: Value, dtype: DType): Value {
  if (x.dtype === dtype) return x
  return builder.op('Cast', [x], { dtype, shape: x.shape }, { to: dataTypeOf(dtype) })
}

/** What is not zero, as bool. */
export const asBool = (builder: GraphBuilder, x: Value): Value =>
  x.dtype === 'bool' ? x : unary(builder, 'Not', withNumber(builder, 'Equal', x, 0))

/** A constant of rank 0. */
export function scalar(builder: GraphBuilder, dtype: DType, value: number): Value {
  return builder.constant(constantOf(dtype, [], [value]), 'constant')
}

/** A constant with these numbers, row-major, in the type that is asked. */
export function constantOf(dtype: DType, shape: readonly number[], values: readonly number[]): ConstantData {
  const data = arrayFor(dtype, values.length)
  for (const [k, value] of values.entries()) {
    if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[k] = BigInt(value)
    else data[k] = dtype === 'float16' ? toFloat16(value) : dtype === 'bfloat16' ? toBfloat16(value) : value
  }
  return { dtype, shape, data }
}

/** The shape of two shapes broadcast; null if nothing can be told of a size. Throws a RangeError if they do not go together. */
export function broadcastShape(a: readonly Dimension[], b: readonly Dimension[]): Dimension[] {
  return broadcastAxes([a, b]).map((size, axis, { length }) => {
    const of = (shape: readonly Dimension[]) => shape[axis - length + shape.length]
    if (size === undefined && typeof of(a) === 'number' && typeof of(b) === 'number')
      throw new RangeError(`[${a.join()}] and [${b.join()}] do not broadcast`)
    return size ?? null
  })
}
