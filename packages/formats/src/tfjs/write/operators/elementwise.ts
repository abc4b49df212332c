// Operators on each element. What TensorFlow.js lacks, or has in plain JavaScript alone, is made of others.

import { float, typeAttribute } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'
import { resultType } from '../operator-call.ts'
import { activate } from './activation.ts'

/** Operators that have the same meaning under another name. */
const PLAIN: Readonly<Record<string, string>> = {
  ABS: 'Abs',
  CEIL: 'Ceil',
  COS: 'Cos',
  ELU: 'Elu',
  EQUAL: 'Equal',
  EXP: 'Exp',
  FLOOR: 'Floor',
  FLOOR_MOD: 'FloorMod',
  GREATER: 'Greater',
  GREATER_EQUAL: 'GreaterEqual',
  LESS: 'Less',
  LESS_EQUAL: 'LessEqual',
  LOG: 'Log',
  LOGICAL_AND: 'LogicalAnd',
  LOGICAL_NOT: 'LogicalNot',
  LOGICAL_OR: 'LogicalOr',
  LOGISTIC: 'Sigmoid',
  MAXIMUM: 'Maximum',
  MINIMUM: 'Minimum',
  NEG: 'Neg',
  NOT_EQUAL: 'NotEqual',
  POW: 'Pow',
  RELU: 'Relu',
  RELU6: 'Relu6',
  ROUND: 'Round',
  RSQRT: 'Rsqrt',
  SELECT_V2: 'SelectV2',
  SIGN: 'Sign',
  SIN: 'Sin',
  SOFTMAX: 'Softmax',
  SQRT: 'Sqrt',
  SQUARED_DIFFERENCE: 'SquaredDifference',
  TANH: 'Tanh',
}

/** Those that may end with an activation. */
const ARITHMETIC: Readonly<Record<string, string>> = { ADD: 'AddV2', MUL: 'Mul', SUB: 'Sub' }

const plain =
  (op: string): OperatorWriter =>
  (call) =>
    call.op(op, call.inputs)

const arithmetic =
  (op: string): OperatorWriter =>
  (call) =>
    activate(call, call.op(op, call.inputs))

const written = (table: Readonly<Record<string, string>>, write: (op: string) => OperatorWriter): OperatorTable =>
  Object.fromEntries(Object.entries(table).map(([code, op]) => [code, write(op)]))

export const ELEMENTWISE: OperatorTable = {
  ...written(PLAIN, plain),
  ...written(ARITHMETIC, arithmetic),
  CAST: cast,
  DIV: divide,
  GELU: gelu,
  HARD_SWISH: (call) => {
    const within = call.op('Relu6', [call.op('AddV2', [call.input(0), call.float(3)])])
    return call.op('Mul', [call.input(0), call.op('Mul', [within, call.float(1 / 6)])])
  },
  LEAKY_RELU: (call) => call.op('LeakyRelu', [call.input(0)], { alpha: float(call.number('alpha')) }),
  LOG_SOFTMAX: logSoftmax,
  PRELU: prelu,
  RELU_N1_TO_1: (call) => activate(call, call.input(0), 'RELU_N1_TO_1'),
}

/** All whole numbers have one type. */
function cast(call: OperatorCall): Ref {
  const to = resultType(call, call.result)
  const isWhole = /^u?int/.test(call.tensor(0).dtype)
  if (isWhole && to === 'DT_INT32') return call.input(0)
  return call.op('Cast', [call.input(0)], { DstT: typeAttribute(call.result.dtype) })
}

/** TensorFlow.js rounds quotients of whole numbers down, ONNX towards zero: negative ones that are not whole are one more. */
function divide(call: OperatorCall): Ref {
  if (call.result.dtype === 'float32') return activate(call, call.op('RealDiv', call.inputs))
  const zero = call.int(0)
  const down = call.op('FloorDiv', call.inputs)
  const isBetween = call.op('NotEqual', [call.op('FloorMod', call.inputs), zero])
  const isNegative = call.op('Less', [down, zero])
  const one = call.op('Cast', [call.op('LogicalAnd', [isBetween, isNegative])], { DstT: typeAttribute('int32') })
  return call.op('AddV2', [down, one])
}

function gelu(call: OperatorCall): Ref {
  const x = call.input(0)
  const number = (value: number) => call.float(value)
  const multiply = (a: Ref, b: Ref) => call.op('Mul', [a, b])
  const inner = call.flag('approximate')
    ? call.op('Tanh', [
        multiply(number(Math.sqrt(2 / Math.PI)), call.op('AddV2', [x, multiply(number(0.044715), multiply(x, multiply(x, x)))])),
      ])
    : call.op('Erf', [multiply(x, number(Math.SQRT1_2))])
  return multiply(multiply(x, number(0.5)), call.op('AddV2', [inner, number(1)]))
}

/** Its own operator has no kernel in WebAssembly. */
function logSoftmax(call: OperatorCall): Ref {
  const axes = call.ints([call.result.shape.length - 1])
  const keep = { keep_dims: { b: true } }
  const x = call.input(0)
  const less = call.op('Sub', [x, call.op('Max', [x, axes], keep)])
  return call.op('Sub', [less, call.op('Log', [call.op('Sum', [call.op('Exp', [less]), axes], keep)])])
}

/** The kernel in WebAssembly takes one slope for each of the last elements; other slopes are multiplied with what is below zero. */
function prelu(call: OperatorCall): Ref {
  const [x, slope] = call.inputs as [Ref, Ref]
  const own = call.tensor(1).shape
  const first = own.findIndex((size) => size !== 1)
  const last = first < 0 ? [] : own.slice(first)
  const behind = call.tensor(0).shape.slice(call.tensor(0).shape.length - last.length)
  if (last.length > 0 && last.every((size, k) => size === behind[k])) return call.op('Prelu', [x, slope])
  const below = call.op('Mul', [slope, call.op('Relu', [call.op('Neg', [x])])])
  return call.op('Sub', [call.op('Relu', [x]), below])
}
