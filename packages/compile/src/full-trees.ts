// A forest of shallow trees as full trees, all of one depth: node i has the children 2i and 2i + 1, so that a step needs no way to a child,
// and where a tree's nodes and leaves stand follows from its number. What is below a leaf that stands higher looks at slot 0, which is
// NaN, and so leads to the first leaf below it, which is that leaf.
import type { Forest } from '@whyslow/graph/forest/types.ts'
import { bytesOf } from './number-types.ts'
import type { SlottedNodes } from './slots.ts'
import type { WalkTables } from './walk-tables.ts'

/** Deeper trees are seldom full, and twice as large with each level. */
const MOST_DEPTH = 8
/** Nodes of full trees for each node of the forest: what is beyond is mostly empty. */
const MOST_NODES = 2

export interface FullTrees {
  /** Levels of nodes; leaves stand below them. */
  readonly depth: number
  /** Tree by tree from node 0 on, which is none: threshold, then the offset of its slot (32 bits), in `fullNodeBytes`. */
  readonly nodes: Uint8Array
  /** Tree by tree, 2^depth each. */
  readonly leaves: Float32Array | Float64Array
}

/** Bytes of a node: as many for its slot as for its threshold, so that it can be addressed by a shift. */
export const fullNodeBytes = (number: 'float32' | 'float64'): number => 2 * bytesOf(number)

/** undefined if trees are deep, or far from full. */
export function fullTrees(
  forest: Forest,
  { slot, threshold, yesIsSecond }: SlottedNodes,
  { layout: { number }, leaves: kind, treeCount: padded }: Pick<WalkTables, 'layout' | 'leaves' | 'treeCount'>,
): FullTrees | undefined {
  const { nodes, roots, treeCount, leafValues } = forest
  const depth = deepest(forest)
  if (depth === 0 || depth > MOST_DEPTH || treeCount * 2 ** depth > MOST_NODES * nodes.feature.length) return undefined
  const [size, bytes, width] = [bytesOf(number), fullNodeBytes(number), 2 ** depth]
  const view = new DataView(new ArrayBuffer(padded * width * bytes))
  // An empty tree adds −0, which changes no number.
  const leaves = (number === 'float32' ? new Float32Array(padded * width) : new Float64Array(padded * width)).fill(-0)
  const place = (tree: number, node: number, i: number): void => {
    const isLeaf = nodes.feature[node]! < 0
    if (i >= width) {
      leaves[tree * width + i - width] = kind === 'numbers' ? node : leafValues[nodes.yes[node]!]!
      return
    }
    const [yes, no] = isLeaf ? [node, node] : [nodes.yes[node]!, nodes.no[node]!]
    const [first, second] = yesIsSecond[node] === 1 ? [no, yes] : [yes, no]
    if (!isLeaf) {
      const at = (tree * width + i) * bytes
      if (number === 'float32') view.setFloat32(at, threshold[node]!, true)
      else view.setFloat64(at, threshold[node]!, true)
      view.setUint32(at + size, slot[node]! * size, true)
      place(tree, second, 2 * i + 1)
    }
    place(tree, first, 2 * i)
  }
  for (let tree = 0; tree < treeCount; tree++) place(tree, roots[tree]!, 1)
  return { depth, nodes: new Uint8Array(view.buffer), leaves }
}

/** Parents stand before their children. */
function deepest({ nodes: { feature, yes, no } }: Forest): number {
  const depth = new Uint16Array(feature.length)
  let most = 0
  for (let at = 0; at < feature.length; at++) {
    if (feature[at]! < 0) continue
    for (const child of [yes[at]!, no[at]!]) depth[child] = depth[at]! + 1
    most = Math.max(most, depth[at]! + 1)
  }
  return most
}
