// Where things lie in the memory of a walk: rows and results at fixed places, then the tables. Plain numbers, so that the module has them
// as constants and whoever calls it can be told them as JSON.
import type { Precision } from '@whyslow/graph/forest/types.ts'
import type { FullTrees } from './full-trees.ts'
import { bytesOf } from './number-types.ts'
import { GROUP_ROWS, RANK_RESULTS, type RankTables } from './rank-tables.ts'
import { LANES, type WalkTables } from './walk-tables.ts'

export interface WalkMemory {
  readonly featureCount: number
  /** Rows that fit at once: a multiple of `LANES`. */
  readonly blockRows: number
  /** Bytes of one row's slots. */
  readonly slotBytes: number
  readonly slots: number
  readonly input: number
  /** Bytes of one row's outputs: its sums, or the numbers of its leaves. */
  readonly outputBytes: number
  readonly output: number
  /** What sums start with. */
  readonly starts: number
  readonly roots: number
  readonly targets: number
  readonly steps: number
  readonly treeSteps: number
  readonly nodes: number
  /** Where the rows of slots of each feature with categories are: one row for 'in no set', one for 'missing', then one for each category. */
  readonly categories: readonly number[]
  /** null: rows never become ranks. */
  readonly ranks: RanksMemory | null
  /** null: no trees are walked as full ones. */
  readonly full: { readonly depth: number; readonly nodes: number; readonly leaves: number } | null
  readonly totalBytes: number
}

/** Where the tables of rank-tables.ts lie, and what they are read with. */
export interface RanksMemory {
  readonly thresholds: number
  readonly searches: number
  readonly nodes: number
  readonly trees: number
  readonly leaves: number
  readonly treeCount: number
  /** Ranks of a group of rows, by column. */
  readonly columns: number
  /** Leaves that nodes have chosen for a group of rows; before them, from `results` on, every leaf's own number. */
  readonly results: number
  /** Where the first node's lie, from `results`. */
  readonly firstResult: number
}

/** What one row of slots and inputs of a block may take together: a level-1 cache's half. */
const BLOCK_BYTES = 16_384
const MOST_BLOCK_ROWS = 64

export interface MemorySizes {
  readonly featureCount: number
  readonly outputCount: number
  readonly sum: Precision
  readonly compare: Precision
  /** Categories of each feature that has sets, one more than the largest in any. */
  readonly categoryCounts: readonly number[]
  readonly ranks: RankTables | null
  readonly full: FullTrees | null
}

export function walkMemory(
  tables: WalkTables,
  { featureCount, outputCount, sum, compare, categoryCounts, ranks, full }: MemorySizes,
): WalkMemory {
  const { slots, treeCount, nodes, layout, leaves } = tables
  const numberBytes = bytesOf(layout.number)
  const slotBytes = slots.count * numberBytes
  const fitting = Math.floor(BLOCK_BYTES / Math.max(1, slotBytes) / LANES) * LANES
  const blockRows = ranks === null ? Math.max(LANES, Math.min(MOST_BLOCK_ROWS, fitting)) : GROUP_ROWS
  const outputBytes = leaves === 'numbers' ? treeCount * 4 : outputCount * bytesOf(sum)
  let next = 64
  const place = (bytes: number): number => {
    const at = next
    next = Math.ceil((at + bytes) / 64) * 64
    return at
  }
  return {
    featureCount,
    blockRows,
    slotBytes,
    slots: place(blockRows * slotBytes),
    input: place(blockRows * featureCount * bytesOf(compare)),
    outputBytes,
    output: place(blockRows * outputBytes),
    starts: place(outputCount * bytesOf(sum)),
    roots: place(treeCount * 4),
    targets: place(treeCount * 4),
    steps: place((treeCount / LANES) * 4),
    treeSteps: place(treeCount * 4),
    nodes: place(nodes.byteLength),
    categories: slots.categories.map(({ sets }, k) => place((categoryCounts[k]! + 2) * sets.length * numberBytes)),
    ranks: ranks && {
      thresholds: place(ranks.thresholds.byteLength),
      searches: place(ranks.searches.byteLength),
      nodes: place(ranks.nodes.byteLength),
      trees: place(ranks.trees.byteLength),
      leaves: place(ranks.leaves.byteLength),
      treeCount: ranks.treeCount,
      columns: place(ranks.columnCount * GROUP_ROWS),
      results: place(RANK_RESULTS * GROUP_ROWS),
      firstResult: (RANK_RESULTS / 2) * GROUP_ROWS,
    },
    full: full && { depth: full.depth, nodes: place(full.nodes.byteLength), leaves: place(full.leaves.byteLength) },
    totalBytes: next,
  }
}
