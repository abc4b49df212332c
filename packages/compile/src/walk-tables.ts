// A forest as the tables that a walk reads, by a generated WebAssembly module or by plain JavaScript alike. A node is 8 bytes where its
// numbers are float32 and its tree is small: threshold, slot, way to its first child; the second child lies behind the first. A leaf is a
// node whose threshold is its value, whose slot is the one that is NaN and whose way is 0: a walk that has come to it stays there, so
// that trees can be walked side by side, without a branch that waits for the data.
import type { Forest } from '@whyslow/graph/forest/types.ts'
import type { Slots, SlottedNodes } from './slots.ts'

/** Trees that are walked side by side. */
export const LANES = 8

export interface WalkLayout {
  /** Type of thresholds, leaves and slots. */
  readonly number: 'float32' | 'float64'
  /** 8: a slot's and a way's number are 16 bits, the way in nodes; 16: 32 bits each behind 8 bytes of threshold, in bytes. */
  readonly nodeBytes: 8 | 16
}

export interface WalkTables {
  readonly layout: WalkLayout
  readonly slots: Slots
  /** Trees, and empty ones up to a multiple of `LANES`. */
  readonly treeCount: number
  readonly nodes: Uint8Array
  /** Offset of each tree's root in `nodes`, bytes. */
  readonly roots: Uint32Array
  /** Target of each tree. */
  readonly targets: Uint32Array
  /** Steps to the deepest leaf in each group of `LANES` trees. */
  readonly steps: Uint32Array
  /** Steps of each tree. */
  readonly treeSteps: Uint32Array
  /** What a leaf gives: its value, or its number if its values are not single numbers (several outputs, a linear model). */
  readonly leaves: 'values' | 'numbers'
}

const SHORT = 65_536
/** Every whole number up to here is a float32. */
const FLOAT32_INTEGERS = 2 ** 24

/** Offset of each node in its tree, in nodes: root, then pairs of children, each pair's first subtree right after it. */
interface Placed {
  readonly at: Uint32Array
  readonly sizes: Uint32Array
  readonly deepest: Uint32Array
  /** Farthest way from a node to its first child, in nodes. */
  readonly farthest: number
}

export function walkTables(forest: Forest, { slots, slot, threshold, yesIsSecond }: SlottedNodes): WalkTables {
  const { nodes, treeCount, roots, widths, linearLeaves } = forest
  const leaves = linearLeaves !== undefined || widths.some((width) => width !== 1) ? 'numbers' : 'values'
  const leafOf = leaves === 'numbers' ? (at: number) => at : (at: number) => forest.leafValues[nodes.yes[at]!]!
  const placed = placeNodes(forest, yesIsSecond)
  const layout = layoutOf(forest, { slots, leafOf, leaves, farthest: placed.farthest })
  const padded = Math.max(1, Math.ceil(treeCount / LANES)) * LANES
  const { nodeBytes } = layout
  const total = placed.sizes.reduce((sum, size) => sum + size, 0) + 1
  const bytes = new DataView(new ArrayBuffer(total * nodeBytes))
  // An empty tree adds −0, which changes no number.
  const empty = (total - 1) * nodeBytes
  writeNode(bytes, empty, layout, { threshold: -0, slot: 0, way: 0 })
  const rootAt = new Uint32Array(padded).fill(empty)
  let first = 0
  for (let tree = 0; tree < treeCount; tree++) {
    rootAt[tree] = first * nodeBytes
    const end = tree + 1 < treeCount ? roots[tree + 1]! : nodes.feature.length
    for (let at = roots[tree]!; at < end; at++) {
      const isLeaf = nodes.feature[at]! < 0
      const firstChild = yesIsSecond[at] === 1 ? nodes.no[at]! : nodes.yes[at]!
      const way = isLeaf ? 0 : placed.at[firstChild]! - placed.at[at]!
      const node = { threshold: isLeaf ? leafOf(at) : threshold[at]!, slot: slot[at]!, way }
      writeNode(bytes, (first + placed.at[at]!) * nodeBytes, layout, node)
    }
    first += placed.sizes[tree]!
  }
  const groups = Array.from({ length: padded / LANES }, (_, g) =>
    Math.max(...placed.deepest.subarray(g * LANES, (g + 1) * LANES)),
  )
  return {
    layout,
    slots,
    treeCount: padded,
    nodes: new Uint8Array(bytes.buffer),
    roots: rootAt,
    targets: paddedTo(padded, forest.targets),
    steps: Uint32Array.from(groups),
    treeSteps: paddedTo(padded, placed.deepest),
    leaves,
  }
}

function paddedTo(count: number, values: ArrayLike<number>): Uint32Array {
  const padded = new Uint32Array(count)
  padded.set(values)
  return padded
}

function placeNodes({ nodes, roots, treeCount }: Forest, yesIsSecond: Uint8Array): Placed {
  const at = new Uint32Array(nodes.feature.length)
  const depth = new Uint32Array(nodes.feature.length)
  const sizes = new Uint32Array(treeCount)
  const deepest = new Uint32Array(treeCount)
  let farthest = 0
  for (let tree = 0; tree < treeCount; tree++) {
    const open = [roots[tree]!]
    let next = 1
    at[roots[tree]!] = 0
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (nodes.feature[node]! < 0) {
        deepest[tree] = Math.max(deepest[tree]!, depth[node]!)
        continue
      }
      const [yes, no] = [nodes.yes[node]!, nodes.no[node]!]
      const [one, other] = yesIsSecond[node] === 1 ? [no, yes] : [yes, no]
      at[one] = next++
      at[other] = next++
      farthest = Math.max(farthest, at[one]! - at[node]!)
      depth[one] = depth[node]! + 1
      depth[other] = depth[node]! + 1
      open.push(other, one)
    }
    sizes[tree] = next
  }
  return { at, sizes, deepest, farthest }
}

interface Sizes {
  readonly slots: Slots
  readonly leafOf: (at: number) => number
  readonly leaves: WalkTables['leaves']
  readonly farthest: number
}

function layoutOf({ compare, nodes, leafValues }: Forest, { slots, leaves, farthest }: Sizes): WalkLayout {
  const isFloat32 =
    leaves === 'numbers'
      ? nodes.feature.length <= FLOAT32_INTEGERS
      : leafValues.every((value) => Object.is(Math.fround(value), value))
  const number = compare === 'float32' && isFloat32 ? 'float32' : 'float64'
  const isShort = number === 'float32' && slots.count * 4 <= SHORT && farthest < SHORT
  return { number: isShort ? 'float32' : 'float64', nodeBytes: isShort ? 8 : 16 }
}

function writeNode(
  bytes: DataView,
  offset: number,
  { nodeBytes }: WalkLayout,
  { threshold, slot, way }: { readonly threshold: number; readonly slot: number; readonly way: number },
): void {
  if (nodeBytes === 8) {
    bytes.setFloat32(offset, threshold, true)
    bytes.setUint16(offset + 4, slot * 4, true)
    bytes.setUint16(offset + 6, way, true)
    return
  }
  bytes.setFloat64(offset, threshold, true)
  bytes.setUint32(offset + 8, slot * 8, true)
  bytes.setUint32(offset + 12, way * nodeBytes, true)
}
