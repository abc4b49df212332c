// Nodes of a graph that torch.onnx.export wrote, called after the module of the user's source that they are of: 'encoder.layers.3.attn/MatMul'. The
// exporter keeps the modules that a node is in as a property: https://docs.pytorch.org/docs/stable/onnx_export.html
import { copyWith } from '@whyslow/graph/copy.ts'
import type { GraphProto, ModelProto, NodeProto } from 'onnx-buf'

/** "['', 'encoder', 'encoder.layers.3', 'encoder.layers.3.attn', 'linear_2']": modules from the outermost on, last the operator. */
const SCOPES = 'pkg.torch.onnx.name_scopes'

/** The model with nodes named so; nodes without such a property keep their names. */
export function nameByModules(proto: ModelProto): ModelProto {
  if (proto.graph === undefined) return proto
  return copyWith(proto, { graph: named(proto.graph, new Map()) })
}

function named(graph: GraphProto, taken: Map<string, number>): GraphProto {
  return copyWith(graph, { node: graph.node.map((node) => copyWith(node, { name: nameOf(node, taken) })) })
}

function nameOf(node: NodeProto, taken: Map<string, number>): string {
  const module = moduleOf(node)
  if (module === null) return node.name
  const name = module === '' ? node.opType : `${module}/${node.opType}`
  const count = taken.get(name) ?? 0
  taken.set(name, count + 1)
  return count === 0 ? name : `${name}_${count}`
}

/** The innermost module's name; '': the model itself; null: not told. */
export function moduleOf({ metadataProps }: Pick<NodeProto, 'metadataProps'>): string | null {
  const told = metadataProps.find(({ key }) => key === SCOPES)?.value
  if (told === undefined) return null
  const scopes = [...told.matchAll(/'((?:[^'\\]|\\.)*)'/g)].map(([, scope]) => scope!)
  return scopes.length === 0 ? null : (scopes.at(-2) ?? '')
}
