// What rules about trees know of an executed node: how many trees, how deep, how much of the time. A row's way through a tree is not in
// the evidence: each branch is taken half the time.

import { depthsOf, NODE_BYTES, readForest, readForest5 } from '@whyslow/graph/operators/tree-ensemble.ts'
import type { GraphView, NodeView } from '@whyslow/graph/types.ts'
import type { NodeCost, NodeCosts } from '../analyze/costs.ts'

/** Depth that boosted trees are seldom given more of. */
export const TYPICAL_DEPTH = 8

export interface ForestNode {
  readonly node: NodeCost
  readonly trees: number
  /** Leaves and tests. */
  readonly nodes: number
  /** Tests on the longest way through one tree. */
  readonly deepest: number
  /** Tests of one row in all trees. */
  readonly tests: number
  /** The part of these tests that would be left in trees that are no deeper than `TYPICAL_DEPTH`. */
  readonly usualTests: number
  /** As the engine keeps its nodes. */
  readonly bytes: number
}

export function forestNodes(graph: GraphView, { nodes }: NodeCosts): readonly ForestNode[] {
  const byName = new Map(graph.nodes.map((node) => [node.name, node]))
  return nodes.flatMap((node) => {
    const view = byName.get(node.name)
    const lists = view === undefined ? undefined : listsOf(view)
    const depths = lists === undefined ? undefined : depthsOf(lists, TYPICAL_DEPTH)
    if (lists === undefined || depths === undefined || lists.roots.length === 0) return []
    const { nodeCount, roots } = lists
    return [
      {
        node,
        trees: roots.length,
        nodes: nodeCount,
        deepest: depths.deepest,
        tests: depths.expected,
        usualTests: depths.within,
        bytes: nodeCount * NODE_BYTES,
      },
    ]
  })
}

function listsOf(node: NodeView) {
  if (node.domain !== 'ai.onnx.ml' || !node.opType.startsWith('TreeEnsemble')) return undefined
  const lists = node.opType === 'TreeEnsemble' ? readForest5({ node }) : readForest({ node })
  return typeof lists === 'string' ? undefined : lists
}
