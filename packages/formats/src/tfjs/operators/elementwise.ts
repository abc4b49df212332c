// Arithmetic, comparisons and functions of one value, as TensorFlow.js computes them.
// https://github.com/tensorflow/tfjs/tree/master/tfjs-converter/src/operations/executors (arithmetic, basic_math, logical)

import { binary, unary, where } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import { selectRows } from '../../tensorflow/arithmetic.ts'
import { BINARY_FUNCTIONS, LOGICAL, UNARY_FUNCTIONS } from '../../tensorflow/functions.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'

const two = (call: OperatorCall): [Value, Value] => call.unified([call.input(0), call.input(1)]) as [Value, Value]

const addAll: OperatorWriter = (call) => {
  const [first, ...others] = call.unified(call.inputs)
  if (first === undefined) throw call.refuse('has no inputs; convert the model again')
  return others.reduce((sum, value) => binary(call.builder, 'Add', sum, value), first)
}

const logical =
  (opType: string): OperatorWriter =>
  (call) =>
    binary(call.builder, opType, call.cast(call.input(0), 'bool'), call.cast(call.input(1), 'bool'))

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

export function leakyRelu(call: OperatorCall, x: Value, alpha: number): Value {
  return unary(call.builder, 'LeakyRelu', x, { alpha: { float: alpha } })
}

export function prelu(call: OperatorCall, x: Value, slope: Value): Value {
  return call.op('PRelu', [x, slope], x)
}

const each = <Entry>(entries: Readonly<Record<string, Entry>>, writer: (entry: Entry) => OperatorWriter): OperatorTable =>
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, writer(entry)]))

export const ELEMENTWISE: OperatorTable = {
  ...each(UNARY_FUNCTIONS, (write) => (call) => write(call.builder, call.input(0))),
  ...each(BINARY_FUNCTIONS, (write) => (call) => write(call.builder, ...two(call))),
  ...each(LOGICAL, logical),
  AddN: addAll,
  BiasAdd: (call) => addBias(call, call.input(0), call.input(1)),
  LogicalNot: (call) => unary(call.builder, 'Not', call.input(0)),
  Select: select,
  SelectV2: selectV2,
  ClipByValue: clipByValue,
  LeakyRelu: (call) => leakyRelu(call, call.input(0), call.node.number('alpha', 0.2)),
  Prelu: (call) => prelu(call, call.input(0), call.input(1)),
}
