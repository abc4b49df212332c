// The layers of a small network: a product, its bias, what is normalized into it, and its activation.

import { numberOf } from '@whyslow/graph/attributes.ts'
import type { Activation, DenseLayer } from '@whyslow/graph/forest/types.ts'
import type { NodeProto } from 'onnx-buf'
import { broadcastNumbers, type Constants, type Numbers } from './nodes.ts'
import { type RowValue, refuse } from './values.ts'

export const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  Relu: 'relu',
  LeakyRelu: 'leaky-relu',
  Elu: 'elu',
  Tanh: 'tanh',
  Sigmoid: 'logistic',
  Softplus: 'softplus',
  Softmax: 'softmax',
}

const withLayer = (value: RowValue, layer: DenseLayer): RowValue => ({
  ...value,
  layers: [...value.layers, layer],
  width: layer.outputs,
})

export function gemm(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const weights = constants(node.input[1])
  const alpha = numberOf(node, 'alpha', 1)
  const beta = numberOf(node, 'beta', 1)
  if (weights === undefined || numberOf(node, 'transA', 0) !== 0 || alpha !== 1 || beta !== 1) throw refuse(node)
  const isTransposed = numberOf(node, 'transB', 0) !== 0
  const bias = node.input[2] ? constants(node.input[2]) : undefined
  return dense(node, value, { weights, isTransposed, bias })
}

export function matMul(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const weights = constants(node.input[1])
  if (weights === undefined) throw refuse(node)
  return dense(node, value, { weights, isTransposed: false, bias: undefined })
}

interface DenseParts {
  readonly weights: Numbers
  /** Outputs × inputs. */
  readonly isTransposed: boolean
  readonly bias: Numbers | undefined
}

function dense(node: NodeProto, value: RowValue, { weights: { shape, values }, isTransposed, bias }: DenseParts): RowValue {
  const [inputs, outputs] = isTransposed ? [shape[1], shape[0]] : [shape[0], shape[1]]
  if (shape.length !== 2 || inputs !== value.width || outputs === undefined) throw refuse(node)
  const added = bias === undefined ? new Float64Array(outputs) : broadcastNumbers(bias, outputs)
  if (added === undefined) throw refuse(node)
  const weights = isTransposed
    ? values
    : new Float64Array(values.length).map((_, at) => values[(at % inputs) * outputs + Math.floor(at / inputs)]!)
  return withLayer(value, { inputs, outputs, weights, bias: added, activation: 'identity' })
}

/** Reads a BatchNormalization. On a layer's sums it goes into the layer. */
export function batchNorm(node: NodeProto, value: RowValue, constants: Constants): RowValue {
  const parts = node.input
    .slice(1, 5)
    .map((name) => broadcastNumbers(constants(name) ?? { shape: [], values: new Float64Array() }, value.width))
  const last = value.layers.at(-1)
  if (parts.includes(undefined) || last === undefined || last.activation !== 'identity') throw refuse(node)
  const [scale, bias, mean, variance] = parts as Float64Array[]
  const epsilon = numberOf(node, 'epsilon', 1e-5)
  const factor = scale!.map((one, k) => one / Math.sqrt(variance![k]! + epsilon))
  return withChange(value, {
    weights: last.weights.map((weight, at) => Math.fround(weight * factor[Math.floor(at / last.inputs)]!)),
    bias: last.bias.map((one, k) => Math.fround((one - mean![k]!) * factor[k]! + bias![k]!)),
  })
}

export const withChange = (value: RowValue, change: Partial<DenseLayer>): RowValue => ({
  ...value,
  layers: value.layers.with(-1, { ...value.layers.at(-1)!, ...change }),
})

export function withActivation(node: NodeProto, value: RowValue, activation: Activation): RowValue {
  const last = value.layers.at(-1)
  if (last === undefined || last.activation !== 'identity') throw refuse(node)
  const alpha = activation === 'leaky-relu' ? numberOf(node, 'alpha', 0.01) : numberOf(node, 'alpha', 1)
  return withChange(value, {
    activation,
    ...(activation === 'leaky-relu' || activation === 'elu' ? { alpha: Math.fround(alpha) } : {}),
  })
}
