// A forest as tables for whole blocks of rows. Each feature of a row becomes its rank among the thresholds that it is held against, one
// byte: with r(x) the number of thresholds at or below x, `x >= T[i]` says the same as `r(x) > i`, exactly, and what is NaN has rank 0. Every
// node of a tree is then asked of many rows at once, and leaves are chosen from the lowest nodes up: no row waits for a node to load.
// Thresholds beyond a byte's go into a column more: a column holds the rank above its first threshold, cut at both ends.
import type { Forest } from '../graph/forest/types.ts'
import { bytesOf } from './number-types.ts'
import type { SlottedNodes } from './slots.ts'
import type { WalkTables } from './walk-tables.ts'

/** Rows that one instruction asks, and how many of these are taken together: each node's own numbers are then loaded once. */
export const VECTOR_ROWS = 16
export const GROUP_ROWS = 64
/** Ranks that a byte tells apart, beside 0. */
const COLUMN_RANKS = 255
/** A leaf's number in its tree is a byte. */
const MOST_LEAVES = 256
/** Offsets are 16 bits. */
const MOST_COLUMNS = Math.floor(65_535 / GROUP_ROWS)

/** Bytes of a node both of whose children are leaves: column, rank, number of its first leaf; and of any other: column, rank, both children. */
export const LOW_BYTES = 4
export const HIGH_BYTES = 8
/** Of a slot: its thresholds, how many bits their count has, its first column, its last. */
export const SEARCH_WORDS = 4
/** Of a tree: its nodes, how many of them are low and how many high, where its result stands, its leaves. */
export const TREE_WORDS = 5

export interface RankTables {
  /** Ascending, by slot; each list is filled with NaN up to 2^bits − 1. */
  readonly thresholds: Float32Array | Float64Array
  /** By slot from 1 on, `SEARCH_WORDS` each; offsets in bytes, from `thresholds` and from the columns' start. */
  readonly searches: Uint32Array
  readonly columnCount: number
  /** Tree by tree: low nodes, then high ones, children before parents. */
  readonly nodes: Uint8Array
  /** `TREE_WORDS` each; offsets in bytes, from `nodes`, from the results' start, from `leaves`. */
  readonly trees: Uint32Array
  readonly treeCount: number
  /** By tree from the first child's leaf to the last, in the walk's number type. */
  readonly leaves: Float32Array | Float64Array
}

/** undefined where a tree has more leaves, or the forest more columns, than their numbers can say; and where there are no trees. */
export function rankTables(
  forest: Forest,
  slotted: SlottedNodes,
  { layout, leaves: kind }: Pick<WalkTables, 'layout' | 'leaves'>,
): RankTables | undefined {
  const { nodes, roots, treeCount, leafValues } = forest
  if (treeCount === 0) return undefined
  const lists = thresholdLists(forest, slotted)
  const array = layout.number === 'float32' ? Float32Array : Float64Array
  const search = searches(lists, bytesOf(layout.number))
  if (search.columnCount > MOST_COLUMNS) return undefined
  const bytes = new DataView(new ArrayBuffer(nodes.feature.length * HIGH_BYTES))
  const trees = new Uint32Array(treeCount * TREE_WORDS)
  const leaves: number[] = []
  let at = 0
  for (let tree = 0; tree < treeCount; tree++) {
    const start = leaves.length
    const { low, high, result } = inOrder(forest, slotted, roots[tree]!, (leaf) => {
      leaves.push(kind === 'numbers' ? leaf : leafValues[nodes.yes[leaf]!]!)
      return leaves.length - start - 1
    })
    if (leaves.length - start > MOST_LEAVES) return undefined
    trees.set([at, low.length, high.length, result * GROUP_ROWS, start * bytesOf(layout.number)], tree * TREE_WORDS)
    for (const { node, first } of low) {
      writeTest(bytes, at, testOf(node))
      bytes.setUint8(at + 3, first)
      at += LOW_BYTES
    }
    for (const { node, first, second } of high) {
      writeTest(bytes, at, testOf(node))
      bytes.setUint16(at + 4, first * GROUP_ROWS, true)
      bytes.setUint16(at + 6, second * GROUP_ROWS, true)
      at += HIGH_BYTES
    }
  }
  return {
    thresholds: array.from(search.thresholds),
    searches: search.words,
    columnCount: search.columnCount,
    nodes: new Uint8Array(bytes.buffer, 0, at),
    trees,
    treeCount,
    leaves: array.from(leaves),
  }

  function testOf(node: number): Test {
    const slot = slotted.slot[node]!
    const place = lists[slot]!.places.get(slotted.threshold[node]!)
    const first = search.words[(slot - 1) * SEARCH_WORDS + 2]!
    // No number is at or above NaN.
    if (place === undefined) return { column: first, rank: COLUMN_RANKS }
    return { column: first + Math.floor(place / COLUMN_RANKS) * GROUP_ROWS, rank: place % COLUMN_RANKS }
  }
}

interface Test {
  /** Offset in bytes. */
  readonly column: number
  /** The second child is taken by rows whose rank is above it. */
  readonly rank: number
}

/** Ranks stand 128 lower, as signed bytes: vectors compare no others in one step. */
export const RANK_BIAS = 128

function writeTest(bytes: DataView, at: number, { column, rank }: Test): void {
  bytes.setUint16(at, column, true)
  bytes.setInt8(at + 2, rank - RANK_BIAS)
}

interface ThresholdList {
  readonly sorted: readonly number[]
  readonly places: ReadonlyMap<number, number>
}

/** By slot. */
function thresholdLists({ nodes: { feature } }: Forest, { slots, slot, threshold }: SlottedNodes): readonly ThresholdList[] {
  const found = Array.from({ length: slots.count }, () => new Set<number>())
  for (let at = 0; at < feature.length; at++) {
    if (feature[at]! >= 0 && !Number.isNaN(threshold[at]!)) found[slot[at]!]!.add(threshold[at]!)
  }
  return found.map((set) => {
    const sorted = Array.from(set).sort((a, b) => a - b)
    return { sorted, places: new Map(sorted.map((value, place) => [value, place])) }
  })
}

function searches(lists: readonly ThresholdList[], size: number) {
  const words = new Uint32Array((lists.length - 1) * SEARCH_WORDS)
  const thresholds: number[] = []
  let columnCount = 0
  lists.slice(1).forEach(({ sorted }, k) => {
    const bits = 32 - Math.clz32(sorted.length)
    const columns = Math.max(1, Math.ceil(sorted.length / COLUMN_RANKS))
    const first = columnCount * GROUP_ROWS
    words.set([thresholds.length * size, bits, first, first + (columns - 1) * GROUP_ROWS], k * SEARCH_WORDS)
    for (let place = 0; place < 2 ** bits - 1; place++) thresholds.push(sorted[place] ?? Number.NaN)
    columnCount += columns
  })
  return { words, thresholds, columnCount }
}

/** Results that a node looks at: below `MOST_LEAVES` the leaf of that number, from there on what nodes before it have chosen. */
interface Ordered {
  readonly node: number
  readonly first: number
  readonly second: number
}

/** A tree's nodes, children before parents; leaves are numbered from the first child on, so that the second child's numbers are the larger. */
function inOrder({ nodes }: Forest, { yesIsSecond }: SlottedNodes, root: number, numberOf: (leaf: number) => number) {
  const isLeaf = (at: number): boolean => nodes.feature[at]! < 0
  const childrenOf = (at: number): readonly [number, number] =>
    yesIsSecond[at] === 1 ? [nodes.no[at]!, nodes.yes[at]!] : [nodes.yes[at]!, nodes.no[at]!]
  /** By node: the result that it is. */
  const places = new Map<number, number>()
  const before: number[] = []
  const open = [root]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (isLeaf(at)) {
      places.set(at, numberOf(at))
      continue
    }
    before.push(at)
    const [first, second] = childrenOf(at)
    open.push(second, first)
  }
  const isLow = (at: number): boolean => childrenOf(at).every(isLeaf)
  const ordered = before.reverse()
  const all = [...ordered.filter(isLow), ...ordered.filter((at) => !isLow(at))]
  all.forEach((at, k) => {
    places.set(at, MOST_LEAVES + k)
  })
  const told = all.map((at): Ordered => {
    const [first, second] = childrenOf(at)
    return { node: at, first: places.get(first)!, second: places.get(second)! }
  })
  const lowCount = ordered.filter(isLow).length
  return { low: told.slice(0, lowCount), high: told.slice(lowCount), result: places.get(root)! }
}

/** Vectors of results that a tree's nodes may need, the leaves' own numbers among them. */
export const RANK_RESULTS = 2 * MOST_LEAVES
