// Products of matrices: with constant weights FULLY_CONNECTED, whose weights are [out, in], else BATCH_MATMUL, which takes either operand
// transposed. A Flatten before them is a Reshape in ONNX's order of axes: where the tensor lies channels last, the weights' rows are put in
// its order, once, in place of a transpose in every prediction (see `flattened` in shape.ts).

import { type ConstantData, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { identity, samePermutation } from '@whyslow/graph/builder/permutation.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { arithmetic } from './arithmetic.ts'
import type { Rules } from './rule.ts'

export const PRODUCTS: Rules = { MatMul: matMul, Gemm: gemm }

type Result = Parameters<Lowerer['op']>[2]

function matMul(lower: Lowerer, node: OnnxNode): void {
  const [a, b] = node.inputs as [string, string]
  const [outputName] = node.outputs as [string]
  const { dtype, shape } = lower.type(outputName)
  const weights = lower.constant(b)
  const result = { dtype, shape, holds: outputName }
  if (weights?.shape.length === 2 && dtype === 'float32' && lower.shape(a).length >= 2) {
    const { x, rows } = lower.flattened(a)
    lower.place(outputName, fullyConnected(lower, x, { weights: inRows(transposeConstant(weights, [1, 0]), rows), result }))
    return
  }
  lower.place(outputName, batchMatMul(lower, [a, b], result))
}

interface Parts {
  /** [out, in]. */
  readonly weights: ConstantData
  readonly bias?: LiteTensor | undefined
  readonly result: Result
}

/** Leading axes are kept; a matrix is all that old versions of the operator take. */
export function fullyConnected(lower: Lowerer, x: LiteTensor, { weights, bias, result }: Parts): LiteTensor {
  const fields = result.shape.length > 2 ? { keep_num_dims: true } : {}
  return lower.op('FULLY_CONNECTED', [x, lower.constantTensor(weights, 'kernel'), bias], result, fields)
}

/** The columns of [out, in] weights in the order in which the flattened tensor lies. */
function inRows(weights: ConstantData, rows: Int32Array | undefined): ConstantData {
  if (rows === undefined) return weights
  const [outputs, inputs] = weights.shape as [number, number]
  const [from, to] = [weights.data as Float32Array, new Float32Array(outputs * inputs)]
  for (let out = 0; out < outputs; out++) for (let k = 0; k < inputs; k++) to[out * inputs + k] = from[out * inputs + rows[k]!]!
  return { ...weights, data: to }
}

function batchMatMul(lower: Lowerer, [a, b]: readonly [string, string], result: Result): LiteTensor {
  const [left, right] = [lower.shape(a), lower.shape(b)]
  const [x, adj_x] = operand(lower, a, 0)
  const [y, adj_y] = operand(lower, b, 1)
  const whole = left.length === 1 || right.length === 1
  // A vector is a matrix of one row or one column on the way.
  const shape: Dimension[] = [...result.shape]
  if (right.length === 1) shape.push(1)
  if (left.length === 1) shape.splice(shape.length - 1, 0, 1)
  const type = whole ? { dtype: result.dtype, shape } : result
  const product = lower.op('BATCH_MATMUL', [x, y], type, { adj_x, adj_y })
  return whole ? lower.reshape(product, result.shape) : product
}

/** A matrix, or many, and whether its last two axes lie the other way round. */
function operand(lower: Lowerer, name: string, side: 0 | 1): [LiteTensor, boolean] {
  const shape = lower.shape(name)
  if (shape.length === 1) return [lower.reshape(lower.plain(name), side === 0 ? [1, ...shape] : [...shape, 1]), false]
  const swapped = [...identity(shape.length - 2), shape.length - 1, shape.length - 2]
  const lies = lower.order(name)
  if (samePermutation(lies, swapped)) return [lower.ordered(name, swapped), true]
  return [lower.plain(name), false]
}

/** alpha · A · B + beta · C, either matrix transposed. */
function gemm(lower: Lowerer, node: OnnxNode): void {
  const [a, b, c = ''] = node.inputs as [string, string, string?]
  const [outputName] = node.outputs as [string]
  const { dtype, shape } = lower.type(outputName)
  const weights = lower.constant(b)
  if (weights === undefined) lower.refuse('its second matrix is computed')
  if (dtype !== 'float32') lower.refuse(`it computes in ${dtype}`)
  const turned = times(
    numberAttribute(node, 'transB', 0) === 1 ? weights! : transposeConstant(weights!, [1, 0]),
    numberAttribute(node, 'alpha', 1),
  )
  const { x, rows } =
    numberAttribute(node, 'transA', 0) === 1 ? { x: lower.ordered(a, [1, 0]), rows: undefined } : lower.flattened(a)
  const beta = numberAttribute(node, 'beta', 1)
  const outputs = turned.shape[0]!
  const bias = c === '' ? undefined : biasOf(lower.constant(c), outputs)
  const result = { dtype, shape, holds: outputName }
  const parts = { weights: inRows(turned, rows), bias: bias && lower.floats([outputs], times(bias, beta).data as Float32Array) }
  if (c === '' || bias !== undefined) {
    lower.place(outputName, fullyConnected(lower, x, { ...parts, result }))
    return
  }
  const product = fullyConnected(lower, x, { ...parts, result: { dtype, shape } })
  const { add, multiply, number } = arithmetic(lower, product)
  const more = lower.plain(c)
  lower.place(outputName, add(product, beta === 1 ? more : multiply(more, number(beta), { dtype, shape: more.shape }), result))
}

const times = (constant: ConstantData, by: number): ConstantData =>
  by === 1 ? constant : { ...constant, data: (constant.data as Float32Array<ArrayBuffer>).map((value) => value * by) }

/** A constant with one number for each output. */
const biasOf = (addend: ConstantData | undefined, outputs: number): ConstantData | undefined =>
  addend?.data.length === outputs && addend.shape.at(-1) === outputs ? addend : undefined
