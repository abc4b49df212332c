import type { GraphView, NodeView, TensorType } from '../types.ts'
import { estimateCost } from './index.ts'
import { contextOf } from './node-context.ts'
import type { CostResult } from './types.ts'

/** What one node of a graph asks for, where these are the types of its values. */
export function costOfNode(node: NodeView, graph: GraphView, types: ReadonlyMap<string, TensorType>): CostResult {
  const typeOf = (name: string): TensorType | undefined => (name === '' ? undefined : types.get(name))
  return estimateCost(contextOf({ node, scope: { graph, outer: undefined } }, node.inputs.map(typeOf), node.outputs.map(typeOf)))
}
