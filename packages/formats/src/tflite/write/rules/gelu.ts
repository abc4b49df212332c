// GELU as exporters write it out, x · (1 + erf(x / √2)) / 2 with the factors in any order, found from its Erf: TFLite has it as one operator.

import type { Lowerer, OnnxNode } from '../lowerer.ts'

const NEAR = 1e-6

/** True where the whole was written as one; what is between is then read by nobody. */
export function asGelu(lower: Lowerer, erf: OnnxNode): boolean {
  const { source } = lower
  const scaled = source.makerOf(erf.inputs[0]!)
  const x = scaled && scaledBy(lower, scaled, Math.SQRT1_2)
  const sum = onlyReader(lower, erf.outputs[0]!, 'Add')
  if (x === undefined || sum === undefined || other(lower, sum, erf.outputs[0]!) !== 1) return false
  const product = onlyReader(lower, sum.outputs[0]!, 'Mul')
  const factor = product?.inputs.find((name) => name !== sum.outputs[0])
  if (product === undefined || factor === undefined) return false
  const half = factor === x ? onlyReader(lower, product.outputs[0]!, 'Mul') : undefined
  const whole = half ?? product
  const halved = half === undefined ? halfOf(lower, factor) === x : other(lower, half, product.outputs[0]!) === 0.5
  if (!halved) return false
  const [outputName] = whole.outputs as [string]
  const tensor = lower.asItLies(x)
  const result = { dtype: tensor.dtype, shape: tensor.shape, holds: outputName }
  lower.place(outputName, lower.op('GELU', [tensor], result, { approximate: false }), lower.order(x))
  return true
}

function halfOf(lower: Lowerer, name: string): string | undefined {
  const maker = lower.source.makerOf(name)
  return maker && scaledBy(lower, maker, 0.5)
}

/** What the node multiplies by `factor`. */
function scaledBy(lower: Lowerer, node: OnnxNode, factor: number): string | undefined {
  const [a, b] = node.inputs as [string, string]
  const [left, right] = [single(lower, a), single(lower, b)]
  if (node.opType === 'Div') return right !== undefined && near(1 / right, factor) ? a : undefined
  if (node.opType !== 'Mul') return undefined
  if (right !== undefined && near(right, factor)) return a
  return left !== undefined && near(left, factor) ? b : undefined
}

/** The number of the operand that is not `name`. */
function other(lower: Lowerer, { inputs }: OnnxNode, name: string): number | undefined {
  return single(lower, inputs.find((input) => input !== name) ?? '')
}

function single(lower: Lowerer, name: string): number | undefined {
  const constant = lower.constant(name)
  return constant?.dtype === 'float32' && constant.data.length === 1 ? Number(constant.data[0]) : undefined
}

const near = (a: number, b: number): boolean => Math.abs(a - b) < NEAR

function onlyReader(lower: Lowerer, name: string, opType: string): OnnxNode | undefined {
  const readers = lower.source.readersOf(name)
  return readers.length === 1 && readers[0]!.opType === opType && !lower.source.isOutput(name) ? readers[0] : undefined
}
