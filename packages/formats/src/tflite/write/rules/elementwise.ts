// Operators on each element: nothing moves, so the result lies as its operands do. Operands of several that lie differently are brought to
// the order of the first that is in one of its own; those of lower rank get axes of size 1 in front, as ONNX aligns shapes at the end.

import { reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { identity, isIdentity } from '@whyslow/graph/builder/permutation.ts'
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { OperatorName } from '../../operator-codes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import { type Lowerer, type OnnxNode, ofRank } from '../lowerer.ts'
import { ofOne, type Rule, type Rules, resultOf } from './rule.ts'

/** Operators of one operand, and their codes. */
const UNARY: Readonly<Record<string, OperatorName>> = {
  Abs: 'ABS',
  Ceil: 'CEIL',
  Cos: 'COS',
  Elu: 'ELU',
  Exp: 'EXP',
  Floor: 'FLOOR',
  HardSwish: 'HARD_SWISH',
  Log: 'LOG',
  Neg: 'NEG',
  Not: 'LOGICAL_NOT',
  Relu: 'RELU',
  Round: 'ROUND',
  Sigmoid: 'LOGISTIC',
  Sign: 'SIGN',
  Sin: 'SIN',
  Sqrt: 'SQRT',
  Tanh: 'TANH',
}

/** Operators of operands that are broadcast together. */
const BINARY: Readonly<Record<string, OperatorName>> = {
  Add: 'ADD',
  And: 'LOGICAL_AND',
  Div: 'DIV',
  Equal: 'EQUAL',
  Greater: 'GREATER',
  GreaterOrEqual: 'GREATER_EQUAL',
  Less: 'LESS',
  LessOrEqual: 'LESS_EQUAL',
  Max: 'MAXIMUM',
  Min: 'MINIMUM',
  Mul: 'MUL',
  Or: 'LOGICAL_OR',
  Pow: 'POW',
  Sub: 'SUB',
  Sum: 'ADD',
}

const unary =
  (code: OperatorName): Rule =>
  (lower, node) =>
    ofOne(lower, node, (x, result) => lower.op(code, [x], result))

const binary =
  (code: OperatorName): Rule =>
  (lower, node) => {
    ofAll(lower, node, ([first, ...others], { holds, ...result }) =>
      others.reduce((sum, one, k) => lower.op(code, [sum, one], k === others.length - 1 ? { ...result, holds } : result), first!),
    )
  }

export const ELEMENTWISE: Rules = {
  ...Object.fromEntries(Object.entries(UNARY).map(([opType, code]) => [opType, unary(code)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([opType, code]) => [opType, binary(code)])),
  Where: (lower, node) => ofAll(lower, node, (operands, result) => lower.op('SELECT_V2', operands, result)),
  PRelu: prelu,
  Mod: modulo,
  Mean: mean,
  Xor: (lower, node) => ofTwo(lower, node, ([a, b], result) => lower.op('NOT_EQUAL', [a, b], result)),
}

type Result = Parameters<Lowerer['op']>[2]

/** What `write` makes of all operands, in one order. */
function ofAll(lower: Lowerer, node: OnnxNode, write: (operands: readonly LiteTensor[], result: Result) => LiteTensor): void {
  const { operands, order } = alignOperands(lower, node)
  const [outputName] = node.outputs as [string]
  lower.place(outputName, write(operands, resultOf(lower, outputName, order)), order)
}

const ofTwo = (lower: Lowerer, node: OnnxNode, write: (pair: readonly [LiteTensor, LiteTensor], result: Result) => LiteTensor) =>
  ofAll(lower, node, (operands, result) => write(operands as unknown as readonly [LiteTensor, LiteTensor], result))

/** All operands in one order, and that order. */
export function alignOperands(
  lower: Lowerer,
  { inputs, outputs }: OnnxNode,
): { readonly operands: readonly LiteTensor[]; readonly order: readonly number[] } {
  const rank = lower.shape(outputs[0]!).length
  const whole = inputs.filter((name) => lower.constant(name) === undefined && lower.shape(name).length === rank)
  const order = whole.map((name) => lower.order(name)).find((one) => !isIdentity(one)) ?? identity(rank)
  // If a constant alone has the result's rank, it keeps its axes of size 1.
  const operands = inputs.map((name) => {
    const constant = whole.length === 0 ? lower.constant(name) : undefined
    return constant === undefined ? aligned(lower, name, order) : lower.constantTensor(constant, name)
  })
  return { operands, order }
}

/** The operand at the order's rank; axes of size 1 in front of a constant are left out, where broadcasting puts them back. */
function aligned(lower: Lowerer, name: string, order: readonly number[]): LiteTensor {
  const rank = order.length
  const constant = lower.constant(name)
  if (constant !== undefined) {
    const whole = transposeConstant(ofRank(constant, rank), order)
    const first = whole.shape.findIndex((size) => size !== 1)
    return lower.constantTensor(reshapeConstant(whole, first < 0 ? [] : whole.shape.slice(first)), name)
  }
  const shape = lower.shape(name)
  if (shape.length === rank) return lower.ordered(name, order)
  const plain = lower.plain(name)
  if (isIdentity(order) || shape.length === 0) return plain
  const whole = lower.reshape(plain, [...new Array<number>(rank - shape.length).fill(1), ...shape])
  return lower.transpose(whole, order)
}

/** TFLite broadcasts the slopes, too; XNNPACK takes one for each channel. */
function prelu(lower: Lowerer, node: OnnxNode): void {
  ofTwo(lower, node, ([x, slope], result) => {
    const all = slope.shape.every((size) => typeof size === 'number') ? elementCount(slope.shape as number[]) : 0
    const padded =
      slope.data !== undefined && all > 0
        ? { ...slope, shape: [...new Array<number>(x.shape.length - 1 - slope.shape.length).fill(1), ...slope.shape] }
        : slope
    return lower.op('PRELU', [x, x.shape.length - 1 >= slope.shape.length ? padded : slope], result)
  })
}

/** FLOOR_MOD has the sign of the divisor, as ONNX's Mod of integers. fmod has that of the dividend: its sizes are those of FLOOR_MOD of absolute values. */
function modulo(lower: Lowerer, node: OnnxNode): void {
  ofTwo(lower, node, ([a, b], result) => {
    if (node.attributes.fmod !== 1) return lower.op('FLOOR_MOD', [a, b], result)
    const absolute = (x: LiteTensor) => lower.op('ABS', [x], { dtype: x.dtype, shape: x.shape })
    const { dtype, shape } = result
    const size = lower.op('FLOOR_MOD', [absolute(a), absolute(b)], { dtype, shape })
    const sign = lower.op('SIGN', [a], { dtype: a.dtype, shape: a.shape })
    return lower.op('MUL', [size, sign], result)
  })
}

function mean(lower: Lowerer, node: OnnxNode): void {
  ofAll(lower, node, (operands, { shape, holds }) => {
    const type = { dtype: 'float32' as const, shape }
    const sum = operands.reduce((all, one) => lower.op('ADD', [all, one], type))
    return lower.op('MUL', [sum, lower.number(1 / operands.length)], { ...type, holds })
  })
}
