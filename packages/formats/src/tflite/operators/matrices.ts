// Products of matrices. https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (fully_connected.cc, batch_matmul.cc)

import { binary } from '@whyslow/graph/builder/broadcast.ts'
import { transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { countOf, reshape } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { matmul, swapLastAxes } from '../../tensorflow/products.ts'
import { hybridInput } from '../hybrid.ts'
import {
  input,
  type OperatorCall,
  optionsOf,
  realConstant,
  realInput,
  realOf,
  store,
  type Tensor,
  type Writers,
} from '../operator.ts'
import { dequantize } from '../quantized.ts'

/** x · weightsᵀ + bias, weights [out, in]. Without keep_num_dims x is a list of rows, whatever its shape. */
function fullyConnected(call: OperatorCall): Value[] {
  const { builder } = call
  const { fused_activation_function, weights_format, keep_num_dims } = optionsOf(call, 'FullyConnectedOptions')
  if (weights_format !== 0) throw call.refusal('has shuffled weights, which are not read')
  const [tensor, weights] = [input(call, 0), input(call, 1)]
  const [outputs, per] = weights.shape
  if (weights.shape.length !== 2 || typeof outputs !== 'number' || typeof per !== 'number' || per < 1)
    throw call.refusal(`has weights of shape ${weights.shape.join('x')}`)
  const { value } = tensor
  const flat = keep_num_dims ? value : rowsOf(call, value, per)
  if (flat.shape.at(-1) !== per) throw call.refusal(`has rows of ${flat.shape.at(-1)} and weights for ${per}`)
  const x = hybridInput(call, realOf(call, { ...tensor, value: flat, content: undefined }), weights, [flat.shape.length - 1])
  const bias = call.inputs[2] === undefined ? undefined : realOf(call, call.inputs[2])
  const shape = [...x.shape.slice(0, -1), outputs]
  const options = { activation: fused_activation_function }
  if (x.shape.length === 2) {
    const made = builder.op('Gemm', [x, weightsOf(call, weights, [0, 1]), bias], { dtype: 'float32', shape }, { transB: 1 })
    return [store(call, made, options)]
  }
  const product = matmul(builder, x, weightsOf(call, weights, [1, 0]))
  return [store(call, bias === undefined ? product : binary(builder, 'Add', product, bias), options)]
}

function rowsOf({ builder }: OperatorCall, x: Value, per: number): Value {
  if (x.shape.length === 2 && x.shape[1] === per) return x
  const count = countOf(x.shape)
  return reshape(builder, x, [count === null ? null : count / per, per])
}

/** Weights as real numbers, or as integers with a scale if the operator computes with integers. */
function weightsOf(call: OperatorCall, weights: Tensor, permutation: readonly number[]): Value {
  const { builder } = call
  const asIntegers = weights.quantization !== undefined && input(call, 0).dtype !== 'float32'
  const content = asIntegers ? weights.content : realConstant(weights)
  if (content === undefined) return transpose(builder, realOf(call, weights), permutation)
  const value = builder.constant(transposeConstant(content, permutation), 'weights')
  return asIntegers
    ? dequantize(builder, value, { ...weights.quantization!, axis: permutation.indexOf(weights.quantization!.axis) })
    : value
}

function batchMatmul(call: OperatorCall): Value[] {
  const { builder } = call
  const { adj_x, adj_y } = optionsOf(call, 'BatchMatMulOptions')
  const [a, b] = [input(call, 0), input(call, 1)]
  const constant = a.dtype === 'float32' ? realConstant(b) : undefined
  const right = constant === undefined ? realInput(call, 1) : builder.constant(constant, 'weights')
  const x = adj_x ? swapLastAxes(builder, realInput(call, 0)) : realInput(call, 0)
  const y = adj_y ? swapLastAxes(builder, right) : right
  const rows = hybridInput(call, x, b, [x.shape.length - 1])
  if (x.dtype !== 'float32' && x.dtype !== 'int32') throw call.refusal(`of ${x.dtype} is not read`)
  return [store(call, matmul(builder, rows, y))]
}

export const MATRICES: Writers = { FULLY_CONNECTED: fullyConnected, BATCH_MATMUL: batchMatmul }
