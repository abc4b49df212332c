// Names in a graph and its subgraphs: a body sees its own values first, then those of the graphs around it.
// https://github.com/onnx/onnx/blob/main/docs/IR.md#names-within-a-graph
import type { ConstantView, GraphView, NodeView, TensorType } from './types.ts'

/** A graph with the graphs around it. */
export interface Scope {
  readonly graph: GraphView
  readonly outer: Scope | undefined
}

export interface ScopedNode {
  readonly node: NodeView
  readonly scope: Scope
}

/** Every node of the graph and of its subgraphs at any depth, each before the nodes inside it. */
export function scopedNodes(graph: GraphView): ScopedNode[] {
  const found: ScopedNode[] = []
  const open: Scope[] = [{ graph, outer: undefined }]
  for (let scope = open.pop(); scope !== undefined; scope = open.pop()) {
    for (const node of scope.graph.nodes) {
      found.push({ node, scope })
      for (const key in node.subgraphs) open.push({ graph: node.subgraphs[key]!, outer: scope })
    }
  }
  return found
}

/** The constant called `name` in the scope or around it. */
export function constantIn(scope: Scope | undefined, name: string): ConstantView | undefined {
  for (let at = scope; at !== undefined; at = at.outer) {
    if (Object.hasOwn(at.graph.constants, name)) return at.graph.constants[name]
  }
  return undefined
}

/** The type that the file declares for a value, in the scope or around it; undefined if a dimension is open. */
export function typeIn(scope: Scope | undefined, name: string): TensorType | undefined {
  for (let at = scope; at !== undefined; at = at.outer) {
    if (Object.hasOwn(at.graph.constants, name)) return at.graph.constants[name]
    if (Object.hasOwn(at.graph.types, name)) return at.graph.types[name]
  }
  return undefined
}
