// Products of matrices, transposes and sums over letters.
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { isPermutation } from '@whyslow/graph/builder/permutation.ts'
import { einsum } from '../../tensorflow/einsum.ts'
import { UNARY_FUNCTIONS } from '../../tensorflow/functions.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { matmul, swapLastAxes, triangle } from '../../tensorflow/products.ts'
import type { OperatorCall, OperatorTable, OperatorWriter } from '../operator-call.ts'
import { addBias, leakyRelu, prelu } from './elementwise.ts'

const multiply =
  (keyA: string, keyB: string): OperatorWriter =>
  (call) => {
    const [a, b] = call.unified([call.input(0), call.input(1)])
    if (a!.shape.length < 2 || b!.shape.length < 2) throw call.refuse('multiplies what is not a matrix; convert the model again')
    const turned = (x: Value, key: string) => (call.node.flag(key) ? swapLastAxes(call.builder, x) : x)
    return matmul(call.builder, turned(a!, keyA), turned(b!, keyB))
  }

const matMul = multiply('transpose_a', 'transpose_b')
const batchMatMul = multiply('adj_x', 'adj_y')

/** What grappler fuses behind a product or a convolution, in its order: a bias, then an activation. Inputs from `first` on. */
export function applyFusedOperators(call: OperatorCall, x: Value, first: number): Value {
  let [value, at] = [x, first]
  for (const step of call.node.texts('fused_ops')) {
    switch (step) {
      // Written by fusedConvolution.
      case 'FusedBatchNorm':
        break
      case 'BiasAdd':
        value = addBias(call, value, call.input(at++))
        break
      case 'Relu':
      case 'Relu6':
      case 'Elu':
      case 'Sigmoid':
      case 'Tanh':
        value = UNARY_FUNCTIONS[step]!(call.builder, value)
        break
      case 'LeakyRelu':
        value = leakyRelu(call, value, call.node.number('leakyrelu_alpha', 0.2))
        break
      case 'Prelu':
        value = prelu(call, value, call.input(at++))
        break
      default:
        throw call.refuse(`is fused with ${step}, which is not known; convert the model again without optimization`)
    }
  }
  return value
}

const sumOfProducts: OperatorWriter = (call) => {
  const equation = call.node.text('equation')
  const result = einsum(call.builder, equation, call.unified(call.inputs))
  if (result === undefined)
    throw call.refuse(`has the equation '${equation}', which does not fit its inputs; convert the model again`)
  return result
}

const transposed: OperatorWriter = (call) => {
  const x = call.input(0)
  const permutation = call.numbers(1, 'order of axes')
  if (!isPermutation(permutation, x.shape.length))
    throw call.refuse(`orders the axes as ${permutation.join()} of ${x.shape.length}; convert the model again`)
  return transpose(call.builder, x, permutation)
}

/** What is further below or above the diagonal than told becomes 0; a negative number keeps all. */
const bandPart: OperatorWriter = (call) => {
  const { builder } = call
  const x = call.input(0)
  const [lower, upper] = [call.number(1, 'lower band'), call.number(2, 'upper band')]
  const kept = lower < 0 ? x : triangle(builder, x, -lower, 1)
  return upper < 0 ? kept : triangle(builder, kept, upper, 0)
}

export const MATRICES: OperatorTable = {
  MatMul: matMul,
  _FusedMatMul: (call) => applyFusedOperators(call, matMul(call) as Value, 2),
  BatchMatMul: batchMatMul,
  BatchMatMulV2: batchMatMul,
  BatchMatMulV3: batchMatMul,
  Einsum: sumOfProducts,
  Transpose: transposed,
  MatrixBandPart: bandPart,
}
