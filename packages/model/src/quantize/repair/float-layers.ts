// Layers of a quantized model computed in float again, the others as they were: constants of theirs become floats, so that no int8 kernel
// takes them, and pairs of conversions between two of them go. Conversions at their borders stay, and so does a DynamicQuantizeLinear that
// others still read.

import type { Model } from '@whyslow/graph/model.ts'
import { int8KernelOf } from '@whyslow/graph/operators/index.ts'
import type { NodeView } from '@whyslow/graph/types.ts'
import { isDequantize, isQuantize } from '@whyslow/measure/engines/onnxruntime/int8/conversion.ts'
import { constantsInFloat } from './constants-in-float.ts'
import { type FloatProducts, withFloatProducts } from './dynamic-products.ts'
import { floatOpset, withoutPair } from './float-model.ts'
import { inQdqForm } from './integer-operators.ts'
import { type QuantizedGraph, quantizedGraph, selectDisjoint, withRepairs } from './quantized-graph.ts'

/** `layers`: names of convolutions and products that are in float now. `stay`: quantized ones that are not. */
export type FloatLayers = FloatProducts

/** `names`: of the user's nodes, conversions among them. Undefined if no quantized layer is meant. */
export function floatLayers(model: Model, names: ReadonlySet<string>): FloatLayers | undefined {
  const dynamic = withFloatProducts(model, ({ name }) => names.has(name))
  const found = staticLayers(dynamic.model, names)
  const layers = [...dynamic.layers, ...found.layers]
  return layers.length === 0 ? undefined : { model: found.model, layers, stay: dynamic.stay + found.stay }
}

/** Float layers between pairs of conversions. */
function staticLayers(model: Model, names: ReadonlySet<string>): FloatLayers {
  const quantized = quantizedGraph(inQdqForm(model))
  if (quantized === undefined) return { model, layers: [], stay: 0 }
  const { at } = quantized
  const all = at.graph.nodes.filter((node) => isQuantizedProduct(quantized, node))
  const layers = floatOpset(quantized) ? all.filter(({ name }) => names.has(name)) : []
  if (layers.length === 0) return { model, layers: [], stay: all.length }
  const isMeant = (node: NodeView | undefined): boolean => node !== undefined && names.has(node.name) && !isDequantize(node)
  const between = at.graph.nodes.filter((node) => {
    if (!isQuantize(node) || !isMeant(at.producer(node.inputs[0]))) return false
    return at
      .readers(node.outputs[0])
      .every((one) => at.readers(one.outputs[0]).every(isMeant) && !at.isGraphOutput(one.outputs[0]))
  })
  const edits = between.flatMap((node) => withoutPair(quantized, node) ?? [])
  const plain = withRepairs(
    quantized,
    edits.map((edit) => ({ edit })),
  )
  const rest = quantizedGraph(plain)!
  const constants = rest.at.graph.nodes.filter((node) => {
    const [value] = node.outputs
    if (!isDequantize(node) || rest.matching.constant(node.inputs[0]) === undefined || rest.at.isGraphOutput(value)) return false
    const readers = rest.at.readers(value)
    return readers.length > 0 && readers.every(isMeant)
  })
  return {
    model: withRepairs(rest, selectDisjoint(constantsInFloat(rest, constants))),
    layers: layers.map(({ name }) => name),
    stay: all.length - layers.length,
  }
}

/** A convolution or product of a quantized value and quantized weights. */
function isQuantizedProduct({ sourceOf, matching }: QuantizedGraph, node: NodeView): boolean {
  const weights = sourceOf(node, 1)
  return (
    int8KernelOf(node.opType)?.kind === 'linear' &&
    sourceOf(node, 0) !== undefined &&
    weights !== undefined &&
    matching.constant(weights.node.inputs[0]) !== undefined
  )
}
