// Convolutions in ONNX Runtime's NCHWc layout show their channels padded to the block of 8 or 16 (onnxruntime
// core/optimizer/nchwc_transformer.cc): 16 where the model asks for 10. The model's own weight tells the true numbers.

import type { NodeContext } from '@whyslow/graph/operators/types.ts'
import { constantIn, scopedNodes } from '@whyslow/graph/scope.ts'
import type { GraphView, NodeView, TensorType } from '@whyslow/graph/types.ts'

/** Weights [M, C / group, kernel…] of the model's own convolutions, by node name. */
export type ModelWeights = ReadonlyMap<string, { readonly node: NodeView; readonly weight: TensorType }>

export function convWeights(original: GraphView): ModelWeights {
  const weights = new Map<string, { readonly node: NodeView; readonly weight: TensorType }>()
  for (const { node, scope } of scopedNodes(original)) {
    if (node.opType !== 'Conv') continue
    const weight = constantIn(scope, node.inputs[1] ?? '')
    if (weight !== undefined) weights.set(node.name, { node, weight })
  }
  return weights
}

/** The context with the model's own channels, for an NCHWc convolution whose origin is known; the context itself elsewhere. */
export function withModelChannels(
  context: NodeContext,
  { origin }: { readonly origin: readonly string[] },
  weights: ModelWeights,
): NodeContext {
  const { node } = context
  if (node.domain !== 'com.microsoft.nchwc' || node.opType !== 'Conv') return context
  const own = origin.flatMap((name) => weights.get(name) ?? [])
  const [x, padded, ...rest] = context.inputs
  const [y] = context.outputs
  if (own.length !== 1 || !x || !padded || !y) return context
  const { weight } = own[0]!
  const fits = weight.shape.length === padded.shape.length && weight.shape.every((size, i) => size <= padded.shape[i]!)
  if (!fits || !weight.shape.slice(2).every((size, i) => size === padded.shape[i + 2])) return context
  const group = own[0]!.node.attributes.group
  const channels = weight.shape[1]! * (typeof group === 'number' ? group : 1)
  const [bias, ...others] = rest
  return {
    ...context,
    inputs: [
      withChannels(x, Math.min(channels, x.shape[1]!)),
      { ...padded, shape: weight.shape },
      ...(rest.length === 0 ? [] : [bias && { ...bias, shape: [weight.shape[0]!] }, ...others]),
    ],
    outputs: [withChannels(y, weight.shape[0]!), ...context.outputs.slice(1)],
  }
}

function withChannels(type: TensorType, channels: number): TensorType {
  return { ...type, shape: type.shape.with(1, channels) }
}
