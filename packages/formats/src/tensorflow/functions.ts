// TensorFlow's functions of one value and of two, by the names of its operators (tf.raw_ops): graphs of TensorFlow.js hold these, Keras'
// functional operations and the functions that Keras 2 saves are the same under other names.
// https://www.tensorflow.org/api_docs/python/tf/raw_ops

import { binary, clip, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import { arcTangent, divideNoNan, floorDivide, floorModulo, squaredDifference } from './arithmetic.ts'

export type OneValue = (builder: GraphBuilder, x: Value) => Value
export type TwoValues = (builder: GraphBuilder, a: Value, b: Value) => Value

/** 'squared_difference' is SquaredDifference. */
export const operatorName = (name: string): string =>
  name.replace(/(?:^|_)([a-z0-9])/g, (_, first: string) => first.toUpperCase())

const one =
  (opType: string): OneValue =>
  (builder, x) =>
    unary(builder, opType, x)

const two =
  (opType: string): TwoValues =>
  (builder, a, b) =>
    binary(builder, opType, a, b)

const test =
  (opType: 'IsNaN' | 'IsInf'): OneValue =>
  (builder, x) =>
    builder.op(opType, [x], { dtype: 'bool', shape: x.shape })

export const isNan: OneValue = test('IsNaN')

/** Half to even, as ONNX rounds; whole numbers are round. */
const round: OneValue = (builder, x) => (isFloat(x.dtype) ? unary(builder, 'Round', x) : x)

/** Functions that take whole numbers, too, and give them. */
export const WHOLE: ReadonlySet<string> = new Set(['Abs', 'Neg', 'Round', 'Rint', 'Sign', 'Square'])

export const UNARY_FUNCTIONS: Readonly<Record<string, OneValue>> = {
  Abs: one('Abs'),
  Acos: one('Acos'),
  Acosh: one('Acosh'),
  Asin: one('Asin'),
  Asinh: one('Asinh'),
  Atan: one('Atan'),
  Atanh: one('Atanh'),
  Ceil: one('Ceil'),
  Cos: one('Cos'),
  Cosh: one('Cosh'),
  Elu: one('Elu'),
  Erf: one('Erf'),
  Erfc: (builder, x) => binary(builder, 'Sub', scalar(builder, x.dtype, 1), unary(builder, 'Erf', x)),
  Exp: one('Exp'),
  Expm1: (builder, x) => withNumber(builder, 'Sub', unary(builder, 'Exp', x), 1),
  Floor: one('Floor'),
  Inv: one('Reciprocal'),
  IsFinite: (builder, x) => unary(builder, 'Not', binary(builder, 'Or', isNan(builder, x), test('IsInf')(builder, x))),
  IsInf: test('IsInf'),
  IsNan: isNan,
  Log: one('Log'),
  Log1p: (builder, x) => unary(builder, 'Log', withNumber(builder, 'Add', x, 1)),
  Neg: one('Neg'),
  Reciprocal: one('Reciprocal'),
  ReciprocalNoNan: (builder, x) => divideNoNan(builder, scalar(builder, x.dtype, 1), x),
  Relu: one('Relu'),
  Relu6: (builder, x) => clip(builder, x, 0, 6),
  Rint: round,
  Round: round,
  Rsqrt: (builder, x) => unary(builder, 'Reciprocal', unary(builder, 'Sqrt', x)),
  Selu: one('Selu'),
  Sigmoid: one('Sigmoid'),
  Sign: one('Sign'),
  Sin: one('Sin'),
  Sinh: one('Sinh'),
  Softplus: one('Softplus'),
  Softsign: one('Softsign'),
  Sqrt: one('Sqrt'),
  Square: (builder, x) => binary(builder, 'Mul', x, x),
  Tan: one('Tan'),
  Tanh: one('Tanh'),
}

/** 0 if the first value is, whatever the other would make of it. */
const unlessZero =
  (write: TwoValues): TwoValues =>
  (builder, a, b) =>
    where(builder, withNumber(builder, 'Equal', a, 0), scalar(builder, a.dtype, 0), write(builder, a, b))

/** Functions of two real numbers, whatever they are given. */
export const REAL_NUMBER_FUNCTIONS: ReadonlySet<string> = new Set(['Atan2', 'DivNoNan', 'RealDiv', 'Xdivy', 'Xlog1py', 'Xlogy'])

/** Both values have one type. */
export const BINARY_FUNCTIONS: Readonly<Record<string, TwoValues>> = {
  Add: two('Add'),
  AddV2: two('Add'),
  Atan2: arcTangent,
  /** Integers are rounded down, as TensorFlow.js does. */
  Div: (builder, a, b) => (isFloat(a.dtype) ? binary(builder, 'Div', a, b) : floorDivide(builder, a, b)),
  DivNoNan: divideNoNan,
  Equal: two('Equal'),
  FloorDiv: floorDivide,
  FloorMod: floorModulo,
  Greater: two('Greater'),
  GreaterEqual: two('GreaterOrEqual'),
  Less: two('Less'),
  LessEqual: two('LessOrEqual'),
  Maximum: two('Max'),
  Minimum: two('Min'),
  Mod: floorModulo,
  Mul: two('Mul'),
  MulNoNan: (builder, a, b) => {
    const zero = scalar(builder, b.dtype, 0)
    return where(builder, binary(builder, 'Equal', b, zero), zero, binary(builder, 'Mul', a, b))
  },
  NotEqual: (builder, a, b) => unary(builder, 'Not', binary(builder, 'Equal', a, b)),
  Pow: two('Pow'),
  RealDiv: two('Div'),
  SquaredDifference: squaredDifference,
  Sub: two('Sub'),
  Xdivy: unlessZero((builder, a, b) => binary(builder, 'Div', a, b)),
  Xlog1py: unlessZero((builder, a, b) => binary(builder, 'Mul', a, unary(builder, 'Log', withNumber(builder, 'Add', b, 1)))),
  Xlogy: unlessZero((builder, a, b) => binary(builder, 'Mul', a, unary(builder, 'Log', b))),
}

/** Functions of two truths. */
export const LOGICAL: Readonly<Record<string, string>> = { LogicalAnd: 'And', LogicalOr: 'Or', LogicalXor: 'Xor' }
