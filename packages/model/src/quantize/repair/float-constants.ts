// A float constant next to a quantized value, as in an Add or a Mul: quantized once, so that the int8 kernel takes it.

import { rawTensor } from '@whyslow/graph/build.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import { affineOf, quantizeNumber, typeRange } from '../write/numbers.ts'
import { conversionNode, newParameters, type QuantizedGraph, type Repair, withInput } from './quantized-graph.ts'

/** Elementwise groups of which one input is a float constant and another is dequantized. */
export function floatConstants(quantized: QuantizedGraph): Repair[] {
  const { at, matching, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((operator) => {
    if (int8KernelOf(operator.opType)?.kind !== 'elementwise' || quantized.brokenOf(operator)?.condition !== 'input-float')
      return []
    const sources = operator.inputs.map((_, index) => quantized.sourceOf(operator, index))
    const index = sources.indexOf(undefined)
    const dtype = sources.find((source) => source !== undefined)?.dtype
    const constant = matching.constant(operator.inputs[index])
    const numbers = matching.numbers(operator.inputs[index])
    if (constant?.dtype !== 'float32' || numbers === undefined || (dtype !== 'uint8' && dtype !== 'int8')) return []
    const [low, high] = [Math.min(...numbers), Math.max(...numbers)]
    if (!Number.isFinite(low) || !Number.isFinite(high)) return []
    const affine = affineOf(low, high, typeRange(dtype), false)
    const { names, tensors } = newParameters(quantized, constant.name, affine, dtype)
    const [stored, real] = [fresh(`${constant.name}_quantized`), fresh(`${constant.name}_dequantized`)]
    const values = Uint8Array.from(numbers, (value) => quantizeNumber(value, affine, typeRange(dtype)) & 255)
    const node = protoOf(operator)
    const add = [withInput(node, index, real), conversionNode('DequantizeLinear', [stored, ...names], real)]
    const addInitializers = [...tensors, rawTensor(stored, dtype, constant.shape, values)]
    return [{ edit: { remove: new Set([node]), add, addInitializers }, nodes: [operator.outputs[0]!] }]
  })
}
