// Arithmetic of one value and of two, comparisons, choices. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels

import { binary, cast, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { selectRows } from '../../tensorflow/arithmetic.ts'
import { BINARY_FUNCTIONS, operatorName, UNARY_FUNCTIONS } from '../../tensorflow/functions.ts'
import {
  input,
  inputs,
  inReal,
  type OperatorCall,
  optionsOf,
  realInput,
  realOf,
  store,
  type WriteOperator,
  type Writers,
} from '../operator.ts'
import type { OperatorName } from '../operator-codes.ts'

type Fused = 'AddOptions' | 'SubOptions' | 'MulOptions' | 'DivOptions'

/** `x` in a type that the engine has the operator for, and the result back: small integers have few kernels. */
export function widen(builder: GraphBuilder, values: readonly Value[], write: (values: readonly Value[]) => Value): Value {
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
    const result = widen(builder, [realInput(call, 0), realInput(call, 1)], ([x, y]) => binary(builder, opType, x!, y!))
    return [store(call, result, { activation: optionsOf(call, options).fused_activation_function })]
  }
}

/** Writers of operators that TensorFlow has by the same name. */
const named = (codes: readonly OperatorName[], write: (name: string) => WriteOperator): Writers =>
  Object.fromEntries(codes.map((code) => [code, write(operatorName(code.toLowerCase()))]))

const ofOne = (name: string): WriteOperator =>
  inReal(({ builder }, x) => widen(builder, [x!], ([value]) => UNARY_FUNCTIONS[name]!(builder, value!)))

/** A function of real numbers alone: integers are taken as such. */
const ofReal = (name: string): WriteOperator =>
  inReal(({ builder }, x) => UNARY_FUNCTIONS[name]!(builder, cast(builder, x!, 'float32')))

const ofTwo = (name: string): WriteOperator =>
  inReal(({ builder }, a, b) => widen(builder, [a!, b!], ([x, y]) => BINARY_FUNCTIONS[name]!(builder, x!, y!)))

const logical =
  (opType: string): WriteOperator =>
  (call) => [binary(call.builder, opType, input(call, 0).value, input(call, 1).value)]

/** SELECT takes a condition of rank 1 as one for each row; SELECT_V2 broadcasts. */
function select(call: OperatorCall): Value[] {
  const { builder, operator } = call
  const condition = input(call, 0).value
  const [a, b] = [1, 2].map((k) => realInput(call, k))
  const choose = operator === 'SELECT' ? selectRows : where
  return [
    store(
      call,
      widen(builder, [a!, b!], ([x, y]) => choose(builder, condition, x!, y!)),
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
  // Integers are divided towards zero, as ONNX does.
  DIV: arithmetic('Div', 'DivOptions'),
  ...named(['FLOOR_DIV', 'FLOOR_MOD', 'POW', 'MAXIMUM', 'MINIMUM', 'SQUARED_DIFFERENCE', 'ATAN2'], ofTwo),
  ...named(['EQUAL', 'NOT_EQUAL', 'LESS', 'LESS_EQUAL', 'GREATER', 'GREATER_EQUAL'], ofTwo),
  ...named(['ABS', 'NEG', 'SIGN', 'SQUARE'], ofOne),
  ...named(['EXP', 'LOG', 'SQRT', 'RSQRT', 'SIN', 'COS', 'CEIL', 'FLOOR', 'ROUND'], ofReal),
  ADD_N: (call) => {
    const values = inputs(call).map((tensor) => realOf(call, tensor))
    return [
      store(
        call,
        values.reduce((sum, value) => binary(call.builder, 'Add', sum, value)),
      ),
    ]
  },
  LOGICAL_AND: logical('And'),
  LOGICAL_OR: logical('Or'),
  LOGICAL_NOT: (call) => [unary(call.builder, 'Not', input(call, 0).value)],
  BITWISE_XOR: bitwise,
  SELECT: select,
  SELECT_V2: select,
  ZEROS_LIKE: (call) => {
    const { builder } = call
    const { value, quantization } = input(call, 0)
    if (quantization !== undefined && quantization.zeroPoints[0] !== 0)
      return [store(call, withNumber(builder, 'Mul', realInput(call, 0), 0))]
    return [widen(builder, [value], ([x]) => binary(builder, 'Sub', x!, x!))]
  },
}
