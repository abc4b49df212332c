// Weights that lie in the model itself, and moving them out of it: into files next to the model, for engines to map or variants to share.
import type { NodeProto, TensorProto } from 'onnx-buf'
import { isConstantNode } from './constants.ts'
import { copyWith } from './copy.ts'
import { bitsPerElement, dtypeOf } from './dtype.ts'
import { withGraph } from './edit.ts'
import type { Model } from './model.ts'
import { inlineBytes, isExternal } from './tensor-data.ts'

/** Smaller tensors stay in the model: shapes and scales, which engines want there. */
export const EXTERNALIZED_FROM_BYTES = 1024
const BYTE_BITS = 8
/** Before, an initializer had to be a graph input as well. */
const INITIALIZERS_ALONE_FROM_IR = 4n

/** What may be moved out: its bytes, and the initializer or `Constant` node that holds them. */
export interface InlineWeight {
  readonly name: string
  readonly tensor: TensorProto
  readonly bytes: Uint8Array
  readonly holder: TensorProto | NodeProto
}

/**
 * Of the main graph: large initializers, and `Constant` nodes if they can become initializers. Not those of strings, those outside
 * already, and those of which several numbers share a byte.
 */
export function inlineWeights({ proto: { graph, irVersion } }: Model): InlineWeight[] {
  if (graph === undefined) return []
  const initializers = graph.initializer.flatMap((tensor) => weightOf(tensor, tensor.name, tensor))
  if (irVersion < INITIALIZERS_ALONE_FROM_IR) return initializers
  const constants = graph.node.filter(isConstantNode).flatMap((node) => {
    return weightOf(node.attribute.find(({ name }) => name === 'value')?.t, node.output[0]!, node)
  })
  return [...initializers, ...constants]
}

function weightOf(tensor: TensorProto | undefined, name: string, holder: TensorProto | NodeProto): InlineWeight[] {
  if (tensor === undefined || isExternal(tensor)) return []
  const dtype = dtypeOf(tensor.dataType)
  if (dtype === undefined || (bitsPerElement(dtype) ?? 0) < BYTE_BITS) return []
  const bytes = inlineBytes(tensor, name)
  return bytes.byteLength < EXTERNALIZED_FROM_BYTES ? [] : [{ name, tensor, bytes, holder }]
}

/** The model with references in place of what held the weights; those of `Constant` nodes become initializers. */
export function withExternalWeights(model: Model, external: ReadonlyMap<TensorProto | NodeProto, TensorProto>): Model {
  const graph = model.proto.graph!
  const fromNodes = graph.node.flatMap((node) => external.get(node) ?? [])
  const initializer = [...graph.initializer.map((tensor) => external.get(tensor) ?? tensor), ...fromNodes]
  return withGraph(model, copyWith(graph, { node: graph.node.filter((node) => !external.has(node)), initializer }))
}
