// What a forest is like, counted: sizes, depths, features and thresholds that it uses.
import { FLAG, type Forest, TEST } from './types.ts'

export interface ForestFacts {
  readonly treeCount: number
  /** Leaves and tests together. */
  readonly nodeCount: number
  readonly leafCount: number
  /** Tests on the longest way. */
  readonly deepest: number
  /** Tests on the way to a leaf, each leaf counted once: a row's own way is seldom that long. */
  readonly meanLeafDepth: number
  /** Features that a node asks for, ascending. */
  readonly usedFeatures: readonly number[]
  /** Nodes that ask for membership in a set. */
  readonly memberTests: number
}

export function forestFacts(forest: Forest): ForestFacts {
  const { nodes, treeCount } = forest
  const depths = depthsOf(forest)
  const used = new Set<number>()
  let [leafCount, deepest, total, memberTests] = [0, 0, 0, 0]
  for (let at = 0; at < depths.length; at++) {
    if (nodes.feature[at]! < 0) {
      leafCount++
      total += depths[at]!
      deepest = Math.max(deepest, depths[at]!)
      continue
    }
    used.add(nodes.feature[at]!)
    if ((nodes.flags[at]! & FLAG.test) === TEST.member) memberTests++
  }
  return {
    treeCount,
    nodeCount: depths.length,
    leafCount,
    deepest,
    meanLeafDepth: leafCount === 0 ? 0 : total / leafCount,
    usedFeatures: [...used].sort((a, b) => a - b),
    memberTests,
  }
}

/** Number of tests above each node, indexed by node. */
export function depthsOf({ nodes }: Forest): Int32Array {
  const depths = new Int32Array(nodes.feature.length)
  // Parents stand before their children.
  for (let at = 0; at < depths.length; at++) {
    if (nodes.feature[at]! < 0) continue
    depths[nodes.yes[at]!] = depths[at]! + 1
    depths[nodes.no[at]!] = depths[at]! + 1
  }
  return depths
}
