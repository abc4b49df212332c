// A model in fewer bits, layer by layer as it was chosen. What cannot be is left in float32 and said. The main graph alone: what is
// inside If, Loop and Scan stays unchanged.

import { withDomain } from '@whyslow/graph/edit.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { raiseOpset } from '@whyslow/graph/raise-opset.ts'
import { isOperator } from '@whyslow/graph/rewrite/match.ts'
import type { NodeProto } from 'onnx-buf'
import { blockProduct } from './block-product.ts'
import type { Precision, QuantizeChoice, Quantized, QuantizedLayer, ValueTypes } from './choice.ts'
import { dynamicProduct } from './dynamic.ts'
import { dynamicAttention, dynamicLstm, MICROSOFT } from './dynamic-contrib.ts'
import { type LayerOutcome, type QuantizeRewrite, startRewriting } from './rewriting.ts'
import { staticLayers } from './static.ts'
import { companionsOf, partsOf } from './static-operators.ts'

/** ai.onnx that the written form needs: DynamicQuantizeLinear came with 11; QuantizeLinear per axis and int8 pooling with 13 and 12. */
export const OPSETS: Readonly<Partial<Record<Precision, number>>> = { dynamic: 11, static: 13 }

/** `types`: of values, as run, if they are known; they sharpen what follows from the model alone. */
export function quantize(model: Model, choice: QuantizeChoice, types: ValueTypes = new Map()): Quantized {
  const unchanged: Quantized = { model, layers: [], skipped: [], changes: [] }
  if (model.proto.graph === undefined) return unchanged
  const asked = [...choice.layers].filter(([, precision]) => precision !== 'float32')
  const { opset, stay } = opsetFor(
    model,
    asked.map(([, precision]) => precision),
  )
  const rewriting = startRewriting(opset, choice, types)
  const nodes = rewriting.matching.graph.node.filter(
    ({ output }) => (choice.layers.get(output[0] ?? '') ?? 'float32') !== 'float32',
  )
  const byName = new Map(nodes.map((node) => [node.output[0]!, node]))
  const companions = companionsOf(nodes.map((node) => ({ node, parts: partsOf(rewriting, node) })))
  const why = (node: NodeProto | undefined, precision: Precision): string | undefined => {
    if (node === undefined) return 'the main graph has no such node'
    const whole = companions.get(node)
    return whole ? `it is part of '${whole.output[0]}'` : stay.get(precision)
  }
  const asStatic = staticLayers(
    rewriting,
    nodes.filter((node) => choice.layers.get(node.output[0]!) === 'static' && why(node, 'static') === undefined),
  )
  const layers: QuantizedLayer[] = []
  const skipped: { node: string; reason: string }[] = []
  for (const [name, precision] of asked) {
    const node = byName.get(name)
    const outcome = why(node, precision) ?? asStatic.get(node!) ?? quantizeLayer(rewriting, node!, precision)
    if (typeof outcome === 'string') skipped.push({ node: name, reason: outcome })
    else layers.push({ node: name, opType: node!.opType, ...outcome })
  }
  if (layers.length === 0) return { ...unchanged, skipped }
  const written = withDomain(rewriting.finish(), MICROSOFT, 1)
  return { model: written, layers, skipped, changes: changesOf(layers) }
}

/** The model with ai.onnx as new as what was asked for needs, and which precisions must wait if that cannot be. */
function opsetFor(model: Model, asked: readonly Precision[]): { opset: Model; stay: ReadonlyMap<Precision, string> } {
  const stay = new Map<Precision, string>()
  let opset = model
  for (const precision of ['dynamic', 'static'] as const) {
    if (!asked.includes(precision)) continue
    const raised = raiseOpset(opset, OPSETS[precision]!)
    if (raised.model === undefined) stay.set(precision, raised.reason)
    else opset = raised.model
  }
  return { opset, stay }
}

function quantizeLayer(rewriting: QuantizeRewrite, node: NodeProto, precision: Precision): LayerOutcome {
  if (precision === 'weights8' || precision === 'weights4') return blockProduct(rewriting, node, precision === 'weights8' ? 8 : 4)
  if (isOperator(node, 'LSTM')) return dynamicLstm(rewriting, node)
  if (isOperator(node, `${MICROSOFT}:Attention`)) return dynamicAttention(rewriting, node)
  return dynamicProduct(rewriting, node)
}

const SAID: Readonly<Record<Precision, string>> = {
  float32: 'in float32',
  dynamic: 'in int8, activations quantized at each prediction',
  static: 'in int8, weights and activations',
  weights8: 'with weights in 8 bits',
  weights4: 'with weights in 4 bits',
}

/** '12 MatMul in int8, activations quantized at each prediction'. */
function changesOf(layers: readonly QuantizedLayer[]): string[] {
  const counts = new Map<string, number>()
  for (const { opType, precision } of layers) {
    const key = `${opType} ${SAID[precision]}`
    counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return [...counts].map(([what, number]) => `${number} ${what}`)
}
