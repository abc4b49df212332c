// Arithmetic of one value and of two, comparisons, choices. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels
import type { DType } from '@whyslow/graph/types.ts'
import type { GraphBuilder, Value } from '../../build/graph-builder.ts'
import { arcTangent, floorDivide, floorModulo, selectRows, squaredDifference } from '../../tensorflow/arithmetic.ts'
import { binary, cast, unary, variadic, where, withNumber } from '../../tensorflow/broadcast.ts'
import {
  input,
  inputs,
  inReal,
  type OperatorCall,
  optionsOf,
  real,
  realOf,
  stored,
  type WriteOperator,
  type Writers,
} from '../operator.ts'

type Fused = 'AddOptions' | 'SubOptions' | 'MulOptions' | 'DivOptions'

/** `x` in a type that the engine has the operator for, and the result back: small integers have few kernels. */
export function widened(builder: GraphBuilder, values: readonly Value[], write: (values: readonly Value[]) => Value): Value {
  const { dtype } = values[0]!
  const wide = WIDER[dtype]
  if (wide === undefined) return write(values)
  const result = write(values.map((value) => cast(builder, value, wide)))
  return result.dtype === 'bool' ? result : cast(builder, result, dtype)
}

const WIDER: Partial<Record<DType, DType>> = {
  int8: 'int32',
  uint8: 'int32',
  int16: 'int32',
  uint16: 'int32',
  uint32: 'int64',
  bool: 'int32',
}

function arithmetic(opType: string, options: Fused): WriteOperator {
  return (call) => {
    const { builder } = call
    const result = widened(builder, [real(call, 0), real(call, 1)], ([x, y]) => binary(builder, opType, x!, y!))
    return [stored(call, result, { activation: optionsOf(call, options).fused_activation_function })]
  }
}

/** Integers are divided towards zero, as ONNX does. */
const compare = (opType: string): WriteOperator =>
  inReal(({ builder }, a, b) => widened(builder, [a!, b!], ([x, y]) => binary(builder, opType, x!, y!)))

function single(opType: string): WriteOperator {
  return inReal(({ builder }, x) => widened(builder, [x!], ([value]) => unary(builder, opType, value!)))
}

/** An operator of real numbers alone: integers are taken as such. */
const singleReal = (opType: string): WriteOperator =>
  inReal(({ builder }, x) => unary(builder, opType, cast(builder, x!, 'float32')))

const not = (builder: GraphBuilder, x: Value): Value => unary(builder, 'Not', x)

const logical =
  (opType: string): WriteOperator =>
  (call) => [binary(call.builder, opType, input(call, 0).value, input(call, 1).value)]

/** SELECT takes a condition of rank 1 as one for each row; SELECT_V2 broadcasts. */
function select(call: OperatorCall): Value[] {
  const { builder, operator } = call
  const condition = input(call, 0).value
  const [a, b] = [1, 2].map((k) => real(call, k))
  const choose = operator === 'SELECT' ? selectRows : where
  return [
    stored(
      call,
      widened(builder, [a!, b!], ([x, y]) => choose(builder, condition, x!, y!)),
    ),
  ]
}

function bitwise(call: OperatorCall): readonly Value[] {
  const { dtype } = input(call, 0).value
  if (dtype !== 'bool') throw call.refusal(`of ${dtype} is not read`)
  return logical('Xor')(call)
}

export const ARITHMETIC: Writers = {
  ADD: arithmetic('Add', 'AddOptions'),
  SUB: arithmetic('Sub', 'SubOptions'),
  MUL: arithmetic('Mul', 'MulOptions'),
  DIV: arithmetic('Div', 'DivOptions'),
  FLOOR_DIV: inReal(({ builder }, a, b) => widened(builder, [a!, b!], ([x, y]) => floorDivide(builder, x!, y!))),
  FLOOR_MOD: inReal(({ builder }, a, b) => widened(builder, [a!, b!], ([x, y]) => floorModulo(builder, x!, y!))),
  POW: inReal(({ builder }, a, b) => binary(builder, 'Pow', a!, b!)),
  MAXIMUM: inReal(({ builder }, a, b) => widened(builder, [a!, b!], (values) => variadic(builder, 'Max', values))),
  MINIMUM: inReal(({ builder }, a, b) => widened(builder, [a!, b!], (values) => variadic(builder, 'Min', values))),
  SQUARED_DIFFERENCE: inReal(({ builder }, a, b) => widened(builder, [a!, b!], ([x, y]) => squaredDifference(builder, x!, y!))),
  ADD_N: (call) => {
    const values = inputs(call).map((tensor) => realOf(call, tensor))
    return [
      stored(
        call,
        values.reduce((sum, value) => binary(call.builder, 'Add', sum, value)),
      ),
    ]
  },
  ATAN2: inReal(({ builder }, y, x) => arcTangent(builder, y!, x!)),
  EQUAL: compare('Equal'),
  NOT_EQUAL: inReal(({ builder }, a, b) =>
    not(
      builder,
      widened(builder, [a!, b!], ([x, y]) => binary(builder, 'Equal', x!, y!)),
    ),
  ),
  LESS: compare('Less'),
  LESS_EQUAL: compare('LessOrEqual'),
  GREATER: compare('Greater'),
  GREATER_EQUAL: compare('GreaterOrEqual'),
  LOGICAL_AND: logical('And'),
  LOGICAL_OR: logical('Or'),
  LOGICAL_NOT: (call) => [not(call.builder, input(call, 0).value)],
  BITWISE_XOR: bitwise,
  SELECT: select,
  SELECT_V2: select,
  ABS: single('Abs'),
  NEG: single('Neg'),
  SIGN: single('Sign'),
  SQUARE: inReal(({ builder }, x) => widened(builder, [x!], ([value]) => binary(builder, 'Mul', value!, value!))),
  EXP: singleReal('Exp'),
  LOG: singleReal('Log'),
  SQRT: singleReal('Sqrt'),
  RSQRT: inReal(({ builder }, x) => unary(builder, 'Reciprocal', unary(builder, 'Sqrt', x!))),
  SIN: singleReal('Sin'),
  COS: singleReal('Cos'),
  CEIL: singleReal('Ceil'),
  FLOOR: singleReal('Floor'),
  // Halves to even, both.
  ROUND: singleReal('Round'),
  ZEROS_LIKE: (call) => {
    const { builder } = call
    const { value, quantization } = input(call, 0)
    if (quantization !== undefined && quantization.zeroPoints[0] !== 0)
      return [stored(call, withNumber(builder, 'Mul', real(call, 0), 0))]
    return [widened(builder, [value], ([x]) => binary(builder, 'Sub', x!, x!))]
  },
}
