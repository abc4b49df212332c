// Linear operators with constant float32 weights: MatMul, Gemm, Conv, with the bias they have of their own or from a sum behind them.
// y = x W + b; which axis of the weights is which: https://onnx.ai/onnx/operators/onnx__Gemm.html, onnx__Conv.html
import type { NodeProto } from 'onnx-buf'
import { isOperator, type Matching, numberOf, withConstant } from './match.ts'

export interface Linear {
  readonly node: NodeProto
  readonly kind: 'MatMul' | 'Gemm' | 'Conv'
  /** The value multiplied. */
  readonly x: string
  readonly weights: string
  /** Shape of the weights: [K, N], [N, K] for a Gemm with transB, [M, C / group, ...] for a Conv. */
  readonly shape: readonly number[]
  readonly inputAxis: number
  readonly outputAxis: number
  readonly inputSize: number
  readonly outputSize: number
  /** 1 but for a Conv. */
  readonly groups: number
  readonly bias: LinearBias | undefined
  /** The node itself, or the Add of its bias. */
  readonly last: NodeProto
}

export interface LinearBias {
  /** A constant of `outputSize` numbers in one dimension. */
  readonly name: string
  /** The sum that adds it; undefined if it is the operator's own third input. */
  readonly add: NodeProto | undefined
}

/** The node as a linear operator; undefined if it is none, or its weights or own bias are no float32 constants. */
export function linearOf(matching: Matching, node: NodeProto | undefined): Linear | undefined {
  if (!isOperator(node, 'MatMul', 'Gemm', 'Conv')) return undefined
  const kind = node.opType as Linear['kind']
  const weights = matching.constant(node.input[1])
  const { shape = [] } = weights ?? {}
  if (weights?.dtype !== 'float32' || matching.constant(node.input[0]) !== undefined) return undefined
  if (kind === 'Conv' ? shape.length < 3 : shape.length !== 2) return undefined
  if (kind === 'Gemm' && numberOf(node, 'transA', 0) !== 0) return undefined
  const outputAxis = kind === 'Conv' || numberOf(node, 'transB', 0) === 1 ? 0 : 1
  const groups = kind === 'Conv' ? numberOf(node, 'group', 1) : 1
  const common = {
    node,
    kind,
    x: node.input[0]!,
    weights: node.input[1]!,
    shape,
    inputAxis: 1 - outputAxis,
    outputAxis,
    inputSize: shape[1 - outputAxis]! * groups,
    outputSize: shape[outputAxis]!,
    groups,
  }
  const own = node.input[2] ?? ''
  if (own !== '') {
    return isVector(matching, own, common.outputSize) ? { ...common, bias: { name: own, add: undefined }, last: node } : undefined
  }
  const add = kind === 'MatMul' ? withConstant(matching, matching.onlyReader(node), 'Add') : undefined
  if (add === undefined || !isVector(matching, add.constant, common.outputSize)) return { ...common, bias: undefined, last: node }
  return { ...common, bias: { name: add.constant, add: add.node }, last: add.node }
}

function isVector({ constant }: Matching, name: string, length: number): boolean {
  const found = constant(name)
  return found?.dtype === 'float32' && found.shape.length === 1 && found.shape[0] === length
}
