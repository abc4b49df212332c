// DynamicQuantizeLinear - MatMulInteger - Cast - Mul - Mul, scaled by one scale after the other, brought into the form that the engine fuses.
import { node as makeNode } from '@whyslow/graph/build.ts'
import { copyWith } from '@whyslow/graph/copy.ts'
import { otherOf } from './dynamic-products.ts'
import type { QuantizedGraph, Repair } from './quantized-graph.ts'

/** MatMulInteger - Cast - Mul - Mul with its two scales multiplied first, in the form that the engine fuses. */
export function multiplyScalesFirst(quantized: QuantizedGraph): Repair[] {
  const { at, protoOf, fresh } = quantized
  return at.graph.nodes.flatMap((product) => {
    const cast = product.opType === 'MatMulInteger' ? at.onlyReader(product) : undefined
    const first = cast?.opType === 'Cast' ? at.onlyReader(cast) : undefined
    const second = first?.opType === 'Mul' ? at.onlyReader(first) : undefined
    if (cast === undefined || first === undefined || second?.opType !== 'Mul') return []
    const scales = [otherOf(first, cast.outputs[0]!), otherOf(second, first.outputs[0]!)]
    const quantize = at.producer(product.inputs[0])
    if (quantize?.opType !== 'DynamicQuantizeLinear' || !scales.includes(quantize.outputs[1]) || scales.includes(undefined))
      return []
    const name = fresh(`${second.outputs[0]!}_scales`)
    const add = [
      makeNode({ opType: 'Mul', name: `${name}_Mul` }, scales as string[], [name]),
      copyWith(protoOf(second), { input: [cast.outputs[0]!, name] }),
    ]
    return [{ edit: { remove: new Set([protoOf(first), protoOf(second)]), add }, nodes: [product.outputs[0]!] }]
  })
}
