// Products with a constant matrix, however they are written: MatMul, MatMul and Add, Gemm with its factors and turned weights.
// y = alpha x W + beta C: https://onnx.ai/onnx/operators/onnx__Gemm.html

import type { Constant } from '@whyslow/graph/constants.ts'
import { isOperator, type Matching, numberOf, withConstant } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { floatConstant, readFloats } from './rewriting.ts'

export interface Product {
  readonly node: NodeProto
  /** The value multiplied. */
  readonly x: string
  readonly weights: Constant
  /** Inputs and outputs. */
  readonly k: number
  readonly n: number
  /** The weights are [N, K] instead of [K, N]. */
  readonly turned: boolean
  readonly alpha: number
  /** One number per output, or one for all. */
  readonly bias: { readonly constant: Constant; readonly beta: number } | undefined
  /** What a Gemm adds besides, of any shape that broadcasts. */
  readonly added: string | undefined
  /** The node itself, or the Add of its bias. */
  readonly last: NodeProto
  /** The node, and the Add of its bias. */
  readonly parts: readonly NodeProto[]
}

/** The node as a product; a reason if it is none. */
export function productOf(matching: Matching, node: NodeProto): Product | string {
  if (!isOperator(node, 'MatMul', 'Gemm')) return `${node.opType} is not a product`
  const weights = floatConstant(matching, node.input[1])
  const x = node.input[0]!
  if (matching.constant(x) !== undefined) return 'its constant is the first operand'
  if (weights === undefined) {
    const listed = matching.graph.initializer.some(({ name }) => name === node.input[1])
    return listed ? 'its weights can be overridden by the caller' : 'its weights are not a float32 constant'
  }
  if (weights.shape.length !== 2) return 'its weights are not a matrix'
  if (weights.elementCount === 0) return 'its weights are empty'
  if (isOperator(node, 'MatMul')) return matMul(matching, node, x, weights)
  if (numberOf(node, 'transA', 0) !== 0) return 'it turns its first operand'
  const turned = numberOf(node, 'transB', 0) !== 0
  const [k, n] = [weights.shape[turned ? 1 : 0]!, weights.shape[turned ? 0 : 1]!]
  const beta = numberOf(node, 'beta', 1)
  const given = node.input[2] ?? ''
  const constant = floatConstant(matching, given)
  const isBias = constant !== undefined && isPerOutput(constant, n)
  if (given !== '' && !isBias && beta !== 1) return 'it scales what it adds'
  return {
    ...{ node, x, weights, k, n, turned },
    alpha: numberOf(node, 'alpha', 1),
    bias: isBias ? { constant, beta } : undefined,
    added: given === '' || isBias ? undefined : given,
    last: node,
    parts: [node],
  }
}

function matMul(matching: Matching, node: NodeProto, x: string, weights: Constant): Product {
  const [k, n] = [weights.shape[0]!, weights.shape[1]!]
  const common = { node, x, weights, k, n, turned: false, alpha: 1, added: undefined }
  const sum = withConstant(matching, matching.onlyReader(node), 'Add')
  const constant = floatConstant(matching, sum?.constant)
  // A constant of higher rank would raise that of the result.
  if (sum === undefined || constant === undefined || constant.shape.length > 1 || !isPerOutput(constant, n)) {
    return { ...common, bias: undefined, last: node, parts: [node] }
  }
  return { ...common, bias: { constant, beta: 1 }, last: sum.node, parts: [node, sum.node] }
}

function isPerOutput({ shape, elementCount }: Constant, n: number): boolean {
  return elementCount === 1 || (elementCount === n && shape.at(-1) === n)
}

/** The bias as numbers, one per output; undefined if there is none. */
export function biasOf(matching: Matching, { bias, n }: Product): Float32Array<ArrayBuffer> | undefined {
  if (bias === undefined) return undefined
  const given = readFloats(matching, bias.constant)
  return Float32Array.from({ length: n }, (_, i) => given[given.length === 1 ? 0 : i]! * bias.beta)
}

/** The weights with alpha multiplied in. */
export function scaledWeights(matching: Matching, { weights, alpha }: Product): Float32Array {
  const values = readFloats(matching, weights)
  return alpha === 1 ? values : values.map((value) => value * alpha)
}
