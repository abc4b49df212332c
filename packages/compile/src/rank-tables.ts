// A forest as tables for whole blocks of rows. Each feature of a row becomes its rank among the thresholds that it is compared with, one
// byte: with r(x) the number of thresholds at or below x, `x >= T[i]` says the same as `r(x) > i`, exactly, and what is NaN has rank 0. Every
// node of a tree is then asked of many rows at once, and leaves are chosen from the lowest nodes up: no row waits for a node to load.
// Thresholds beyond a byte's go into a column more: a column holds the rank above its first threshold, cut at both ends.
import type { Forest } from '@whyslow/graph/forest/types.ts'
import { bytesOf } from './number-types.ts'
import type { SlottedNodes } from './slots.ts'
import type { WalkTables } from './walk-tables.ts'

/** Rows that one instruction asks, and how many of these are taken together: each node's own numbers are then loaded once. */
export const VECTOR_ROWS = 16
export const GROUP_ROWS = 64
/** Ranks that a byte can tell apart, other than 0. */
const COLUMN_RANKS = 255
/** A leaf's number in its tree is a byte. */
const MOST_LEAVES = 256
/** Offsets are 16 bits. */
const MOST_COLUMNS = Math.floor(65_535 / GROUP_ROWS)

/** Bytes of a node both of whose children are leaves: column, rank, number of its first leaf; and of any other: column, rank, both children. */
export const LOW_BYTES = 4
export const HIGH_BYTES = 8
/** Words of a slot: its thresholds, how many bits their count has, its first column, its last. */
export const SEARCH_WORDS = 4
/** Words of a tree: its nodes, how many of them are low and how many high, the place of its result, its leaves. */
export const TREE_WORDS = 5

export interface RankTables {
  /** Ascending, by slot; each list is filled with NaN up to 2^bits − 1. */
  readonly thresholds: Float32Array | Float64Array
  /** Searches of each slot from 1 on, `SEARCH_WORDS` each; offsets in bytes, from `thresholds` and from the columns' start. */
  readonly searches: Uint32Array
  readonly columnCount: number
  /** Tree by tree: low nodes, then high ones, children before parents. */
  readonly nodes: Uint8Array
  /** `TREE_WORDS` each; offsets in bytes, from `nodes`, from the results' start, from `leaves`. */
  readonly trees: Uint32Array
  readonly treeCount: number
  /** Leaves of each tree from the first child's leaf to the last, in the walk's number type. */
  readonly leaves: Float32Array | Float64Array
}

/** undefined if a tree has more leaves, or the forest more columns, than their numbers can say; and if there are no trees. */
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
  const places = new Uint32Array(nodes.feature.length)
  let at = 0
  for (let tree = 0; tree < treeCount; tree++) {
    const start = leaves.length
    const numberOf = (leaf: number): number => leaves.push(kind === 'numbers' ? leaf : leafValues[nodes.yes[leaf]!]!) - start - 1
    const { low, high, result } = inOrder(forest, slotted, roots[tree]!, { places, numberOf })
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
    const first = search.words[(slot - 1) * SEARCH_WORDS + 2]!
    const threshold = slotted.threshold[node]!
    // No number is at or above NaN.
    if (Number.isNaN(threshold)) return { column: first, rank: COLUMN_RANKS }
    const place = placeIn(lists[slot]!, threshold)
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

/** Thresholds of each slot: ascending, each once. */
function thresholdLists({ nodes: { feature } }: Forest, { slots, slot, threshold }: SlottedNodes): readonly Float64Array[] {
  const isTest = (at: number) => feature[at]! >= 0 && !Number.isNaN(threshold[at]!)
  const counts = new Uint32Array(slots.count)
  for (let at = 0; at < feature.length; at++) if (isTest(at)) counts[slot[at]!]!++
  const all = Array.from(counts, (count) => new Float64Array(count))
  const next = new Uint32Array(slots.count)
  for (let at = 0; at < feature.length; at++) if (isTest(at)) all[slot[at]!]![next[slot[at]!]!++] = threshold[at]!
  return all.map((list) => {
    list.sort()
    let kept = 0
    for (const value of list) if (kept === 0 || value !== list[kept - 1]) list[kept++] = value
    return list.subarray(0, kept)
  })
}

/** Where it stands among them; it is one of them. */
function placeIn(sorted: Float64Array, value: number): number {
  let [from, to] = [0, sorted.length - 1]
  while (from < to) {
    const middle = (from + to) >> 1
    if (sorted[middle]! < value) from = middle + 1
    else to = middle
  }
  return from
}

function searches(lists: readonly Float64Array[], size: number) {
  const bits = lists.map(({ length }) => 32 - Math.clz32(length))
  const thresholds = new Float64Array(bits.slice(1).reduce((sum, one) => sum + 2 ** one - 1, 0)).fill(Number.NaN)
  const words = new Uint32Array((lists.length - 1) * SEARCH_WORDS)
  let [columnCount, at] = [0, 0]
  for (let slot = 1; slot < lists.length; slot++) {
    const columns = Math.max(1, Math.ceil(lists[slot]!.length / COLUMN_RANKS))
    const first = columnCount * GROUP_ROWS
    words.set([at * size, bits[slot]!, first, first + (columns - 1) * GROUP_ROWS], (slot - 1) * SEARCH_WORDS)
    thresholds.set(lists[slot]!, at)
    at += 2 ** bits[slot]! - 1
    columnCount += columns
  }
  return { words, thresholds, columnCount }
}

/** Results that a node looks at: below `MOST_LEAVES` the leaf of that number, from there on what nodes before it have chosen. */
interface Ordered {
  readonly node: number
  readonly first: number
  readonly second: number
}

/** Level of a node: it is a leaf (0), has only leaves below it (1), or others (2). */
const [LEAF, LOW, HIGH] = [0, 1, 2] as const

/**
 * A tree's nodes, children before parents; leaves are numbered from the first child on, so that the second child's numbers are the larger.
 * `places`: by node of the forest, the result that it is; filled for this tree's.
 */
function inOrder(
  { nodes: { feature, yes, no } }: Forest,
  { yesIsSecond }: SlottedNodes,
  root: number,
  { places, numberOf }: { readonly places: Uint32Array; readonly numberOf: (leaf: number) => number },
) {
  const firstOf = (at: number): number => (yesIsSecond[at] === 1 ? no[at]! : yes[at]!)
  const secondOf = (at: number): number => (yesIsSecond[at] === 1 ? yes[at]! : no[at]!)
  const kindOf = (at: number) => (feature[at]! < 0 ? LEAF : feature[yes[at]!]! < 0 && feature[no[at]!]! < 0 ? LOW : HIGH)
  const low: number[] = []
  const high: number[] = []
  const open = [root]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const kind = kindOf(at)
    if (kind === LEAF) {
      places[at] = numberOf(at)
      continue
    }
    ;(kind === LOW ? low : high).push(at)
    open.push(secondOf(at), firstOf(at))
  }
  const told = (list: readonly number[], from: number): readonly Ordered[] => {
    const backwards = list.toReversed()
    backwards.forEach((at, k) => {
      places[at] = from + k
    })
    return backwards.map((at) => ({ node: at, first: places[firstOf(at)]!, second: places[secondOf(at)]! }))
  }
  const lows = told(low, MOST_LEAVES)
  return { low: lows, high: told(high, MOST_LEAVES + lows.length), result: places[root]! }
}

/** Vectors of results that a tree's nodes may need, the leaves' own numbers among them. */
export const RANK_RESULTS = 2 * MOST_LEAVES
