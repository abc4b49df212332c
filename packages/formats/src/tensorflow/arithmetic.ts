// Arithmetic that ONNX has no operator for, as TensorFlow's family means it.

import { binary, broadcastShape, scalar, unary, where } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'

/** Rounded down; ONNX divides integers towards zero, and has their Mod with the sign of the divisor: a - mod can be divided. */
export function floorDivide(builder: GraphBuilder, a: Value, b: Value): Value {
  if (isFloat(a.dtype)) return unary(builder, 'Floor', binary(builder, 'Div', a, b))
  return binary(builder, 'Div', binary(builder, 'Sub', a, binary(builder, 'Mod', a, b)), b)
}

/** Remainder with the sign of the divisor, as in Python; floats use fmod, which is exact if the quotient is too large for its digits. */
export function floorModulo(builder: GraphBuilder, a: Value, b: Value): Value {
  if (!isFloat(a.dtype)) return binary(builder, 'Mod', a, b)
  const remainder = builder.op('Mod', [a, b], { dtype: a.dtype, shape: broadcastShape(a.shape, b.shape) }, { fmod: 1 })
  const zero = scalar(builder, a.dtype, 0)
  const differ = binary(builder, 'Xor', binary(builder, 'Less', remainder, zero), binary(builder, 'Less', b, zero))
  const crosses = binary(builder, 'And', differ, unary(builder, 'Not', binary(builder, 'Equal', remainder, zero)))
  return where(builder, crosses, binary(builder, 'Add', remainder, b), remainder)
}

/** 0 if the divisor is. */
export function divideNoNan(builder: GraphBuilder, a: Value, b: Value): Value {
  const zero = scalar(builder, b.dtype, 0)
  return where(builder, binary(builder, 'Equal', b, zero), zero, binary(builder, 'Div', a, b))
}

export function squaredDifference(builder: GraphBuilder, a: Value, b: Value): Value {
  const difference = binary(builder, 'Sub', a, b)
  return binary(builder, 'Mul', difference, difference)
}

/** The angle of the point (x, y), in all four quadrants. */
export function arcTangent(builder: GraphBuilder, y: Value, x: Value): Value {
  const zero = scalar(builder, y.dtype, 0)
  const halfTurn = scalar(builder, y.dtype, Math.PI)
  const isLeft = binary(builder, 'Less', x, zero)
  const angle = unary(builder, 'Atan', binary(builder, 'Div', y, x))
  const turn = where(builder, binary(builder, 'Less', y, zero), scalar(builder, y.dtype, -Math.PI), halfTurn)
  const turned = where(builder, isLeft, binary(builder, 'Add', angle, turn), angle)
  // 0 / 0 is not a number.
  return where(builder, binary(builder, 'Equal', y, zero), where(builder, isLeft, halfTurn, zero), turned)
}

/** `condition` ? a : b; of rank 1 it chooses whole rows, as the first version of TensorFlow's Select has it. */
export function selectRows(builder: GraphBuilder, condition: Value, a: Value, b: Value): Value {
  const behind = condition.shape.length === 1 ? a.shape.slice(1).map((_, k) => k + 1) : []
  return where(builder, unsqueeze(builder, condition, behind), a, b)
}
