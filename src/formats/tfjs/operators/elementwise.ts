// Arithmetic, comparisons and functions of one value, as TensorFlow.js computes them.
// https://github.com/tensorflow/tfjs/tree/master/tfjs-converter/src/operations/executors (arithmetic, basic_math, logical)
import { isFloat } from '../../../graph/dtype.ts'
import type { GraphBuilder, Value } from '../../build/graph-builder.ts'
import { arcTangent, divideNoNan, floorDivide, selectRows, squaredDifference } from '../../tensorflow/arithmetic.ts'
import { binary, clip, scalar, unary, where, withNumber } from '../../tensorflow/broadcast.ts'
import { reshape } from '../../tensorflow/shapes.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'

const two = (call: OperatorCall): [Value, Value] => call.unified([call.input(0), call.input(1)]) as [Value, Value]

/** An operator of two values that ONNX has. */
const pair =
  (opType: string): OperatorWriter =>
  (call) =>
    binary(call.builder, opType, ...two(call))

/** An operator of one value that ONNX has. */
const one =
  (opType: string): OperatorWriter =>
  (call) =>
    unary(call.builder, opType, call.input(0))

/** An operator of two values, as all formats of TensorFlow's family write it. */
const written =
  (write: (builder: GraphBuilder, a: Value, b: Value) => Value): OperatorWriter =>
  (call) =>
    write(call.builder, ...two(call))

/** Integers are rounded down. */
function divide(builder: GraphBuilder, a: Value, b: Value): Value {
  return isFloat(a.dtype) ? binary(builder, 'Div', a, b) : floorDivide(builder, a, b)
}

function floorMod(builder: GraphBuilder, a: Value, b: Value): Value {
  if (!isFloat(a.dtype)) return binary(builder, 'Mod', a, b)
  return binary(builder, 'Sub', a, binary(builder, 'Mul', floorDivide(builder, a, b), b))
}

const addAll: OperatorWriter = (call) => {
  const [first, ...others] = call.unified(call.inputs)
  if (first === undefined) throw call.refuse('has no inputs; convert the model again')
  return others.reduce((sum, value) => binary(call.builder, 'Add', sum, value), first)
}

const notEqual: OperatorWriter = (call) => {
  return unary(call.builder, 'Not', binary(call.builder, 'Equal', ...two(call)))
}

const logical =
  (opType: string): OperatorWriter =>
  (call) =>
    binary(call.builder, opType, call.cast(call.input(0), 'bool'), call.cast(call.input(1), 'bool'))

const test =
  (opType: string): OperatorWriter =>
  (call) =>
    call.op(opType, [call.input(0)], { dtype: 'bool', shape: call.input(0).shape })

const finite: OperatorWriter = (call) => {
  const { builder } = call
  const x = call.input(0)
  const result = { dtype: 'bool', shape: x.shape } as const
  const either = call.op('Or', [call.op('IsNaN', [x], result), call.op('IsInf', [x], result)], result)
  return unary(builder, 'Not', either)
}

/** [n] of a bias on the axis of channels. */
export function addBias(call: OperatorCall, x: Value, bias: Value): Value {
  if (call.node.text('data_format', 'NHWC').startsWith('NC') && x.shape.length > 2) {
    const shape = [bias.shape[0]!, ...x.shape.slice(2).map(() => 1)]
    return binary(call.builder, 'Add', x, reshape(call.builder, bias, shape))
  }
  return binary(call.builder, 'Add', x, bias)
}

const select: OperatorWriter = (call) => {
  const [a, b] = call.unified([call.input(1), call.input(2)])
  return selectRows(call.builder, call.input(0), a!, b!)
}

const selectV2: OperatorWriter = (call) => {
  const [a, b] = call.unified([call.input(1), call.input(2)])
  return where(call.builder, call.input(0), a!, b!)
}

/** Rounded by Clip where the limits are known; else between two values. */
const clipByValue: OperatorWriter = (call) => {
  const { builder } = call
  const [x, low, high] = call.unified([call.input(0), call.input(1), call.input(2)])
  if (low!.shape.length === 0 && high!.shape.length === 0) return call.op('Clip', [x, low, high], x!)
  return binary(builder, 'Min', binary(builder, 'Max', x!, low!), high!)
}

export function relu6(call: OperatorCall, x: Value): Value {
  return clip(call.builder, x, 0, 6)
}

export function leakyRelu(call: OperatorCall, x: Value, alpha: number): Value {
  return unary(call.builder, 'LeakyRelu', x, { alpha: { float: alpha } })
}

export function prelu(call: OperatorCall, x: Value, slope: Value): Value {
  return call.op('PRelu', [x, slope], x)
}

const elementwise =
  (write: (call: OperatorCall, x: Value) => Value): OperatorWriter =>
  (call) =>
    write(call, call.input(0))

export const ELEMENTWISE: OperatorTable = {
  Add: pair('Add'),
  AddV2: pair('Add'),
  AddN: addAll,
  Sub: pair('Sub'),
  Mul: pair('Mul'),
  MulNoNan: pair('Mul'),
  RealDiv: written(divide),
  Div: written(divide),
  DivNoNan: written(divideNoNan),
  FloorDiv: written(floorDivide),
  Mod: written(floorMod),
  FloorMod: written(floorMod),
  Maximum: pair('Max'),
  Minimum: pair('Min'),
  Pow: pair('Pow'),
  SquaredDifference: written(squaredDifference),
  Atan2: written(arcTangent),
  BiasAdd: (call) => addBias(call, call.input(0), call.input(1)),
  Equal: pair('Equal'),
  NotEqual: notEqual,
  Greater: pair('Greater'),
  GreaterEqual: pair('GreaterOrEqual'),
  Less: pair('Less'),
  LessEqual: pair('LessOrEqual'),
  LogicalAnd: logical('And'),
  LogicalOr: logical('Or'),
  LogicalXor: logical('Xor'),
  LogicalNot: one('Not'),
  Select: select,
  SelectV2: selectV2,
  ClipByValue: clipByValue,
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
  Erfc: elementwise(({ builder }, x) => binary(builder, 'Sub', scalar(builder, x.dtype, 1), unary(builder, 'Erf', x))),
  Exp: one('Exp'),
  Expm1: elementwise(({ builder }, x) => withNumber(builder, 'Sub', unary(builder, 'Exp', x), 1)),
  Floor: one('Floor'),
  IsNan: test('IsNaN'),
  IsInf: test('IsInf'),
  IsFinite: finite,
  LeakyRelu: elementwise((call, x) => leakyRelu(call, x, call.node.number('alpha', 0.2))),
  Log: one('Log'),
  Log1p: elementwise(({ builder }, x) => unary(builder, 'Log', withNumber(builder, 'Add', x, 1))),
  Neg: one('Neg'),
  Prelu: (call) => prelu(call, call.input(0), call.input(1)),
  Reciprocal: one('Reciprocal'),
  Inv: one('Reciprocal'),
  Relu: one('Relu'),
  Relu6: elementwise(relu6),
  // Half to even, as ONNX rounds.
  Round: one('Round'),
  Rint: one('Round'),
  Rsqrt: elementwise(({ builder }, x) => unary(builder, 'Reciprocal', unary(builder, 'Sqrt', x))),
  Selu: one('Selu'),
  Sigmoid: one('Sigmoid'),
  Sign: one('Sign'),
  Sin: one('Sin'),
  Sinh: one('Sinh'),
  Softplus: one('Softplus'),
  Softsign: one('Softsign'),
  Sqrt: one('Sqrt'),
  Square: elementwise(({ builder }, x) => binary(builder, 'Mul', x, x)),
  Tan: one('Tan'),
  Tanh: one('Tanh'),
}
