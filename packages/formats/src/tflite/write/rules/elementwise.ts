// Operators on each element: nothing moves, so the result lies as its operands do. Operands of several that lie differently are brought to
// the order of the first that lies in one of its own; those of lower rank get axes of size 1 in front, as ONNX aligns shapes at the end.
import { elementCount } from '@whyslow/graph/dtype.ts'
import type { Dimension, DType } from '@whyslow/graph/types.ts'
import { reshaped, transposed } from '../../../build/constant-data.ts'
import type { OperatorName } from '../../operator-codes.ts'
import type { OptionsName } from '../../options.ts'
import type { LiteTensor } from '../lite-graph.ts'
import { options } from '../lite-writer.ts'
import { type Lowerer, type OnnxNode, ofRank } from '../lowerer.ts'
import { identity, isIdentity } from '../order.ts'
import type { Rule, Rules } from './rule.ts'

/** Operators of one operand: code, and its table of options if it has one. */
const UNARY: Readonly<Record<string, readonly [OperatorName, OptionsName?]>> = {
  Abs: ['ABS', 'AbsOptions'],
  Ceil: ['CEIL'],
  Cos: ['COS', 'CosOptions'],
  Elu: ['ELU'],
  Exp: ['EXP', 'ExpOptions'],
  Floor: ['FLOOR'],
  HardSwish: ['HARD_SWISH', 'HardSwishOptions'],
  Log: ['LOG'],
  Neg: ['NEG', 'NegOptions'],
  Not: ['LOGICAL_NOT', 'LogicalNotOptions'],
  Relu: ['RELU'],
  Round: ['ROUND'],
  Sigmoid: ['LOGISTIC'],
  Sign: ['SIGN', 'SignOptions'],
  Sin: ['SIN'],
  Sqrt: ['SQRT'],
  Tanh: ['TANH'],
}

/** Operators of operands that are broadcast together. */
const BINARY: Readonly<Record<string, readonly [OperatorName, OptionsName?]>> = {
  Add: ['ADD', 'AddOptions'],
  And: ['LOGICAL_AND', 'LogicalAndOptions'],
  Div: ['DIV', 'DivOptions'],
  Equal: ['EQUAL', 'EqualOptions'],
  Greater: ['GREATER', 'GreaterOptions'],
  GreaterOrEqual: ['GREATER_EQUAL', 'GreaterEqualOptions'],
  Less: ['LESS', 'LessOptions'],
  LessOrEqual: ['LESS_EQUAL', 'LessEqualOptions'],
  Max: ['MAXIMUM', 'MaximumMinimumOptions'],
  Min: ['MINIMUM', 'MaximumMinimumOptions'],
  Mul: ['MUL', 'MulOptions'],
  Or: ['LOGICAL_OR', 'LogicalOrOptions'],
  Pow: ['POW', 'PowOptions'],
  Sub: ['SUB', 'SubOptions'],
  Sum: ['ADD', 'AddOptions'],
}

const unary =
  (code: OperatorName, table?: OptionsName): Rule =>
  (lower, node) =>
    ofOne(lower, node, (x, result) => lower.op(code, [x], result, table && options(table)))

const binary =
  (code: OperatorName, table?: OptionsName): Rule =>
  (lower, node) => {
    const { operands, order } = together(lower, node)
    const [outputName] = node.outputs as [string]
    const { dtype, shape } = lower.type(outputName)
    const result = { dtype, shape: order.map((axis): Dimension => shape[axis]!) }
    const [first, ...others] = operands
    const last = others.length - 1
    const made = others.reduce(
      (sum, one, k) =>
        lower.op(code, [sum, one], k === last ? { ...result, holds: outputName } : result, table && options(table)),
      first!,
    )
    lower.place(outputName, made, order)
  }

export const ELEMENTWISE: Rules = {
  ...Object.fromEntries(Object.entries(UNARY).map(([opType, [code, table]]) => [opType, unary(code, table)])),
  ...Object.fromEntries(Object.entries(BINARY).map(([opType, [code, table]]) => [opType, binary(code, table)])),
  Where: select,
  PRelu: prelu,
  Mod: modulo,
  Mean: mean,
  Xor: (lower, node) => ofTwo(lower, node, ([a, b], result) => lower.op('NOT_EQUAL', [a, b], result, options('NotEqualOptions'))),
}

type Result = Parameters<Lowerer['op']>[2]

/** What `write` makes of the one operand as it lies, in the same order. */
export function ofOne(lower: Lowerer, node: OnnxNode, write: (x: LiteTensor, result: Result) => LiteTensor): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const order = lower.order(inputName)
  const x = lower.asItLies(inputName)
  lower.place(
    outputName,
    write(x, { dtype: lower.source.type(outputName).dtype ?? x.dtype, shape: x.shape, holds: outputName }),
    order,
  )
}

function ofTwo(
  lower: Lowerer,
  node: OnnxNode,
  write: (operands: readonly [LiteTensor, LiteTensor], result: Result) => LiteTensor,
): void {
  const { operands, order } = together(lower, node)
  const [outputName] = node.outputs as [string]
  const { dtype, shape } = lower.type(outputName)
  const result = { dtype, shape: order.map((axis): Dimension => shape[axis]!), holds: outputName }
  lower.place(outputName, write(operands as unknown as readonly [LiteTensor, LiteTensor], result), order)
}

/** All operands in one order, and that order. */
export function together(
  lower: Lowerer,
  { inputs, outputs }: OnnxNode,
): { readonly operands: readonly LiteTensor[]; readonly order: readonly number[] } {
  const rank = lower.shape(outputs[0]!).length
  const whole = inputs.filter((name) => lower.constant(name) === undefined && lower.shape(name).length === rank)
  const order = whole.map((name) => lower.order(name)).find((one) => !isIdentity(one)) ?? identity(rank)
  // Where a constant alone has the result's rank it keeps its axes of size 1.
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
    const whole = transposed(ofRank(constant, rank), order)
    const first = whole.shape.findIndex((size) => size !== 1)
    return lower.constantTensor(reshaped(whole, first < 0 ? [] : whole.shape.slice(first)), name)
  }
  const shape = lower.shape(name)
  if (shape.length === rank) return lower.ordered(name, order)
  const plain = lower.plain(name)
  if (isIdentity(order) || shape.length === 0) return plain
  const whole = lower.reshape(plain, [...new Array<number>(rank - shape.length).fill(1), ...shape])
  return lower.transpose(whole, order)
}

function select(lower: Lowerer, node: OnnxNode): void {
  const { operands, order } = together(lower, node)
  const [outputName] = node.outputs as [string]
  const { dtype, shape } = lower.type(outputName)
  const result = { dtype, shape: order.map((axis): Dimension => shape[axis]!), holds: outputName }
  lower.place(outputName, lower.op('SELECT_V2', operands, result, options('SelectV2Options')), order)
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
    if (node.attributes.fmod !== 1) return lower.op('FLOOR_MOD', [a, b], result, options('FloorModOptions'))
    const absolute = (x: LiteTensor) => lower.op('ABS', [x], { dtype: x.dtype, shape: x.shape }, options('AbsOptions'))
    const { dtype, shape } = result
    const size = lower.op('FLOOR_MOD', [absolute(a), absolute(b)], { dtype, shape }, options('FloorModOptions'))
    const sign = lower.op('SIGN', [a], { dtype: a.dtype, shape: a.shape }, options('SignOptions'))
    return lower.op('MUL', [size, sign], result, options('MulOptions'))
  })
}

function mean(lower: Lowerer, node: OnnxNode): void {
  const { operands, order } = together(lower, node)
  const [outputName] = node.outputs as [string]
  const { shape } = lower.type(outputName)
  const dtype: DType = 'float32'
  const type = { dtype, shape: order.map((axis): Dimension => shape[axis]!) }
  const sum = operands.slice(1).reduce((all, one) => lower.op('ADD', [all, one], type, options('AddOptions')), operands[0]!)
  const share = lower.number(1 / operands.length)
  lower.place(outputName, lower.op('MUL', [sum, share], { ...type, holds: outputName }, options('MulOptions')), order)
}
