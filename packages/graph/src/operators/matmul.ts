// Matrix products in floating point. MACs = product of batch, M, N and K, batch broadcast.
// https://onnx.ai/onnx/operators/onnx__MatMul.html , onnx__Gemm.html ; fused ones: onnxruntime docs/ContribOperators.md

import { elementCount } from '../dtype.ts'
import type { NodeView, TensorType } from '../types.ts'
import { hasInput, numberAttribute, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts } from './counts/functions.ts'
import { defineFamily, type Formula, formula, LINEAR, type OperatorFacts, sameFor } from './family.ts'
import { factor, type ReadInput } from './input-use.ts'

// y = alpha * A * B + beta * C, then an activation (FusedGemm). Transposing changes indices only.
const gemm = formula([0], [0], ([a], [y], context) => {
  const { node } = context
  const activation = activationOps(textAttribute(node, 'activation', 'Identity'))
  if (activation === undefined) return `its activation '${node.attributes.activation}' is not known`
  const depth = numberAttribute(node, 'transA', 0) === 0 ? a.shape[1]! : a.shape[0]!
  const outputs = elementCount(y.shape)
  const beta = numberAttribute(node, 'beta', 1)
  const added = hasInput(context, 2) && beta !== 0 ? outputs * (beta === 1 ? 1 : 2) : 0
  return {
    macs: outputs * depth,
    simpleOps: scaledOps(node, outputs) + added + outputs * activation.simple,
    specialOps: outputs * activation.special,
    functions: evaluateCounts(activation.functions, outputs),
  }
})

const matmul = formula([0], [0], ([a], [y], { node }) => {
  const activation = activationOps(textAttribute(node, 'activation', 'Identity'))
  if (activation === undefined) return `its activation '${node.attributes.activation}' is not known`
  const outputs = elementCount(y.shape)
  return {
    macs: outputs * contractedSize(a, node),
    simpleOps: scaledOps(node, outputs) + outputs * activation.simple,
    specialOps: outputs * activation.special,
    functions: evaluateCounts(activation.functions, outputs),
  }
})

function scaledOps(node: NodeView, outputs: number): number {
  return numberAttribute(node, 'alpha', 1) === 1 ? 0 : outputs
}

/** K, from A. `transBatchA` moves A's first axis behind its batch axes: [M, batch…, K] represents [batch…, M, K]. */
function contractedSize(a: TensorType, node: NodeView): number {
  const transposed = numberAttribute(node, 'transA', 0) !== 0 && a.shape.length > 1
  if (!transposed) return a.shape.at(-1)!
  return numberAttribute(node, 'transBatchA', 0) === 0 ? a.shape.at(-2)! : a.shape[0]!
}

// A is sparse: how many of its entries are set, and which rows of B they meet, is in the data.
const sparseMatmul: Formula = formula([], [0], () => ({
  readBytes: { 0: 0, 1: 0 },
  note: 'the entries of a sparse matrix lie in the data: the product is not counted',
}))

const gemmInput: ReadInput = ({ node, index, shapeOf }) => {
  const weight = shapeOf(1)
  if (index !== 0 || weight === undefined) return undefined
  const [rows, depth] = numberAttribute(node, 'transA', 0) === 1 ? [1, 0] : [0, 1]
  const size = weight[numberAttribute(node, 'transB', 0) === 1 ? 1 : 0]!
  return {
    rank: 2,
    axes: [
      [depth, { meaning: 'features', size }],
      [rows, { meaning: 'batch' }],
    ],
  }
}

const facts: OperatorFacts = { reads: { Gemm: gemmInput, MatMul: factor }, int8: { MatMul: LINEAR, Gemm: LINEAR } }

export const matmulFamily = defineFamily('matmul', facts, {
  ...sameFor(['Gemm', 'com.microsoft:FusedGemm', 'com.microsoft:GemmFloat8'], gemm),
  ...sameFor(
    ['MatMul', 'com.microsoft:FusedMatMul', 'com.microsoft:TransposeMatMul', 'com.microsoft:FusedMatMulActivation'],
    matmul,
  ),
  'com.microsoft:SparseToDenseMatMul': sparseMatmul,
})
