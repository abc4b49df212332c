// Biases as int8 kernels take them: int32, zero point 0, and the product of the input's and the weights' scales as their scale. What a
// bias holds is rounded to that scale: by half of x·w at most, which is far below a step of the output.

import { attribute, floatTensor, rawTensor } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { numberOf } from '@whyslow/graph/rewrite/match.ts'
import { biasScaleIsOff } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import { quantizeBias } from '../write/bias.ts'
import { conversionNode, type QuantizedGraph, type Repair, realNumbersOf, withInput } from './quantized-graph.ts'

const BIAS_INPUT = 2
const INT32_MAX = 2 ** 31 - 1

/** Conv whose bias has another scale, and Gemm whose bias has another scale, is float, or is multiplied by a beta. */
export function biases(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((operator) => {
    if (operator.opType !== 'Conv' && operator.opType !== 'Gemm') return []
    const [input, weights, bias] = [0, 1, BIAS_INPUT].map((index) => quantized.sourceOf(operator, index))
    const condition = quantized.brokenOf(operator)?.condition
    const isOff = bias !== undefined && biasScaleIsOff(input, weights, bias)
    if (!isOff && condition !== 'bias-float' && condition !== 'beta') return []
    const node = protoOf(operator)
    const beta = operator.opType === 'Gemm' ? numberOf(node, 'beta', 1) : 1
    const real = realNumbersOf(quantized, operator.inputs[BIAS_INPUT])?.map((value) => Math.fround(value * beta))
    const [scale] = input?.scale ?? []
    if (real === undefined || scale === undefined || weights?.scale === undefined) return []
    // One scale each where the weights have one each; else one for all.
    if (weights.scale.length > 1 && weights.scale.length !== real.length) return []
    const { values, scales } = quantizeBias(real, scale, Float32Array.from(weights.scale))
    if (values.some((value) => Math.abs(value) >= INT32_MAX)) return []
    const name = fresh(`${operator.outputs[0]!}_bias`)
    const names = [`${name}_quantized`, `${name}_scale`, `${name}_zero_point`].map(fresh) as [string, string, string]
    const shape = weights.scale.length > 1 ? [scales.length] : []
    const plain = conversionNode('DequantizeLinear', names, name)
    const dequantize = shape.length > 0 ? copyWith(plain, { attribute: [attribute('axis', 0)] }) : plain
    const attributes = node.attribute.filter((one) => one.name !== 'beta')
    const tensors = [
      rawTensor(names[0], 'int32', [values.length], new Uint8Array(values.buffer)),
      floatTensor(names[1], shape, scales.subarray(0, shape[0] ?? 1)),
      rawTensor(names[2], 'int32', shape, new Uint8Array(4 * (shape[0] ?? 1))),
    ]
    const add = [copyWith(withInput(node, BIAS_INPUT, name), { attribute: attributes }), dequantize]
    return [{ edit: { remove: new Set([node]), add, addInitializers: tensors }, nodes: [operator.outputs[0]!] }]
  })
}
