// Pairs of conversions between float operators: they round, and nothing runs in int8 for it.
import { conversionOf, isDequantize, isQuantize, sameParameters } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import type { QuantizedGraph, Repair } from './quantized-graph.ts'
import { mayRunInInt8 } from './repairable.ts'

/** QuantizeLinear - DequantizeLinear whose float readers and makers gain nothing from it: they only round. */
export function floatPairs(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf } = quantized
  return at.graph.nodes.flatMap((dequantize) => {
    const quantize = at.producer(dequantize.inputs[0])
    if (!isDequantize(dequantize) || !isQuantize(quantize) || at.readers(quantize.outputs[0]).length > 1) return []
    if (at.isGraphOutput(quantize.outputs[0]) || at.isGraphOutput(dequantize.outputs[0])) return []
    if (!sameParameters(conversionOf(quantize, at), conversionOf(dequantize, at))) return []
    const maker = at.producer(quantize.inputs[0])
    const readers = at.readers(dequantize.outputs[0])
    if (maker !== undefined && mayRunInInt8(quantized, maker)) return []
    if (readers.length === 0 || readers.some((reader) => mayRunInInt8(quantized, reader))) return []
    const remove = new Set([protoOf(quantize), protoOf(dequantize)])
    return [{ edit: { remove, read: new Map([[dequantize.outputs[0]!, quantize.inputs[0]!]]) }, nodes: [dequantize.outputs[0]!] }]
  })
}
