// Who reads a group's output in float, or takes it as an output of the model, reads what QuantizeLinear - DequantizeLinear make of it:
// then its only reader is a QuantizeLinear, and the group fuses. The float side is off by half a step of the scale at most.

import { copyWith } from '@whyslow/graph/copy.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { endOf } from '@whyslow/measure/engines/onnxruntime/int8/conditions.ts'
import { isQuantize, limitsOf } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import type { NodeProto } from 'onnx-buf'
import type { Range } from '../write/choice.ts'
import { affineOf, typeRange } from '../write/numbers.ts'
import { conversionNode, newParameters, type QuantizedGraph, type Repair } from './quantized-graph.ts'

/** Groups with a QuantizeLinear and other readers. */
export function floatReaders(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((operator) => {
    const condition = quantized.brokenOf(operator)?.condition
    if (condition !== 'output-read-in-float' && condition !== 'graph-output') return []
    const end = endOf(operator, at)
    const [value, ...others] = end.outputs
    const quantizers = at.readers(value).filter(isQuantize)
    const [quantizer] = quantizers
    if (quantizer === undefined || value === undefined || others.length > 0) return []
    const [maker, quantize] = [protoOf(end), protoOf(quantizer)]
    const inner = fresh(`${value}_float`)
    const renamed = quantizers.map((one) => reading(protoOf(one), inner))
    const dequantize = conversionNode('DequantizeLinear', [quantize.output[0]!, ...quantize.input.slice(1)], value)
    const remove = new Set([maker, ...quantizers.map(protoOf)])
    return [
      {
        edit: { remove, add: [making(maker, inner), ...renamed, withAxis(dequantize, quantize)] },
        nodes: [operator.outputs[0]!],
      },
    ]
  })
}

const reading = (node: NodeProto, name: string): NodeProto => copyWith(node, { input: [name, ...node.input.slice(1)] })
const making = (node: NodeProto, name: string): NodeProto => copyWith(node, { output: [name, ...node.output.slice(1)] })
const withAxis = (node: NodeProto, like: NodeProto): NodeProto =>
  copyWith(node, { attribute: like.attribute.filter(({ name }) => name === 'axis') })

/** Groups without a QuantizeLinear, and the values whose ranges are needed for one. */
export function unquantizedOutputs(
  quantized: QuantizedGraph,
): { readonly operator: NodeView; readonly end: NodeView; readonly value: string }[] {
  const { at } = quantized
  return at.graph.nodes.flatMap((operator) => {
    const condition = quantized.brokenOf(operator)?.condition
    if (condition !== 'output-not-quantized' && condition !== 'graph-output' && condition !== 'activation-between') return []
    const end = endOf(operator, at)
    const [value, ...others] = end.outputs
    if (value === undefined || others.length > 0 || at.readers(value).some(isQuantize)) return []
    if (
      !['uint8', 'int8'].includes(quantized.sourceOf(operator, 0)?.dtype ?? '') ||
      quantized.sourceOf(operator, 1) === undefined
    )
      return []
    return [{ operator, end, value }]
  })
}

/** A QuantizeLinear and a DequantizeLinear behind each of them whose range is known. */
export function outputQuantizers(quantized: QuantizedGraph, ranges: ReadonlyMap<string, Range>): Repair[] {
  const { protoOf, fresh } = quantized
  return unquantizedOutputs(quantized).flatMap(({ operator, end, value }) => {
    const range = ranges.get(value)
    if (range === undefined || !Number.isFinite(range.low) || !Number.isFinite(range.high)) return []
    const dtype = quantized.sourceOf(operator, 0)!.dtype as 'uint8' | 'int8'
    if (limitsOf(dtype) === undefined) return []
    const affine = affineOf(range.low, range.high, typeRange(dtype), false)
    const { names, tensors } = newParameters(quantized, value, affine, dtype)
    const [inner, stored] = [fresh(`${value}_float`), fresh(`${value}_quantized`)]
    const maker = protoOf(end)
    const add = [
      making(maker, inner),
      conversionNode('QuantizeLinear', [inner, ...names], stored),
      conversionNode('DequantizeLinear', [stored, ...names], value),
    ]
    return [{ edit: { remove: new Set([maker]), add, addInitializers: tensors }, nodes: [operator.outputs[0]!] }]
  })
}
