// A forest as tables and the module that walks them.
import type { Forest, ForestSum } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { type FullTrees, fullTrees } from './full-trees.ts'
import { bytesOf } from './number-types.ts'
import type { ProgramSum, WalkScores } from './program.ts'
import { type RankTables, rankTables } from './rank-tables.ts'
import { slotNodes } from './slots.ts'
import { walkMemory } from './walk-memory.ts'
import { walkModule } from './walk-module.ts'
import type { WalkForm } from './walk-spec.ts'
import { type WalkTables, walkTables } from './walk-tables.ts'

/** Above it a page would rather not give the memory. */
const MOST_BYTES = 2 ** 30

export interface CompiledForest {
  readonly scores: WalkScores
  readonly module: Uint8Array<ArrayBuffer>
}

export interface ForestForms {
  /** Rows can become ranks. */
  readonly hasRanks: boolean
  /** Trees can be walked as full ones. */
  readonly hasFull: boolean
  readonly make: (form: WalkForm) => CompiledForest
}

/** `width`: features of a row. Throws InputError if its tables are too large. */
export function compileForest(forest: Forest, width: number): ForestForms {
  const { outputCount, compare, sum, sets } = forest
  const slotted = slotNodes(forest)
  const tables = walkTables(forest, slotted)
  const allRanks = rankTables(forest, slotted, tables) ?? null
  const allFull = fullTrees(forest, slotted, tables) ?? null
  const { slots } = tables
  const categoryCounts = slots.categories.map((one) =>
    one.sets.reduce((most, { set }) => Math.max(most, setSize(forest, set)), 0),
  )
  const known = slots.categories.map(({ feature }) => (forest.categories === 'scikit-learn' ? (sets.known?.[feature] ?? -1) : -1))
  const make = ({ until, blockFrom, ranksFrom, nestedUpTo }: WalkForm): CompiledForest => {
    const ranks = ranksFrom === null ? null : allRanks
    const full = until.rows === 'full' ? allFull : null
    const rows = until.rows === 'full' && full === null ? 'steps' : until.rows
    const sizes = { featureCount: width, outputCount, sum: sum.precision, compare, categoryCounts, ranks, full }
    const memory = walkMemory(tables, sizes)
    if (memory.totalBytes > MOST_BYTES)
      throw new InputError(`its trees take ${memory.totalBytes} bytes compiled, above ${MOST_BYTES}; use another engine`)
    const spec = {
      tables,
      memory,
      sum: sum.precision,
      outputCount,
      compare,
      categoryRule: forest.categories,
      categoryCounts,
      unknownIsMissing: known.map((set) => set >= 0),
      until: { ...until, rows },
    }
    const scores: WalkScores = {
      kind: 'walk',
      memory,
      compare,
      number: tables.layout.number,
      nodeBytes: tables.layout.nodeBytes,
      outputCount,
      leaves: tables.leaves,
      blockFrom,
      ranksFrom: ranks === null ? null : ranksFrom,
      nestedUpTo,
      sum: programSum(sum),
      tables: placedTables(forest, tables, memory, { ranks, full }),
      slots: {
        numbers: slots.numbers,
        equals: slots.equals,
        categories: slots.categories.map((one, k) => ({
          feature: one.feature,
          count: categoryCounts[k]!,
          sets: Int32Array.from(one.sets, ({ set }) => set),
          negated: Uint8Array.from(one.sets, ({ negated }) => Number(negated)),
          known: known[k]!,
        })),
      },
      categoryRule: forest.categories,
      categorySets: { starts: sets.starts, words: sets.words },
      ...(tables.leaves === 'numbers' && numberedLeaves(forest)),
    }
    return { scores, module: walkModule(spec) }
  }
  return { hasRanks: allRanks !== null, hasFull: allFull !== null, make }
}

export const programSum = ({ precision, start, divideBy, scale, end }: ForestSum): ProgramSum => ({
  precision,
  start,
  divideBy,
  scale,
  end,
})

function placedTables(
  { sum }: Forest,
  tables: WalkTables,
  memory: WalkScores['memory'],
  { ranks, full }: { readonly ranks: RankTables | null; readonly full: FullTrees | null },
): WalkScores['tables'] {
  const size = bytesOf(sum.precision)
  return {
    roots: tables.roots.map((root) => root + memory.nodes),
    targets: tables.targets.map((target) => target * size),
    outputs: tables.targets,
    steps: tables.steps,
    treeSteps: tables.treeSteps,
    nodes: tables.nodes,
    starts: sum.precision === 'float32' ? Float32Array.from(sum.start) : sum.start,
    ranks: ranks && {
      thresholds: ranks.thresholds,
      searches: ranks.searches,
      nodes: ranks.nodes,
      trees: ranks.trees,
      leaves: ranks.leaves,
    },
    full: full && { nodes: full.nodes, leaves: full.leaves },
  }
}

/** Categories are below it. */
function setSize({ sets: { starts, words } }: Forest, set: number): number {
  for (let word = starts[set + 1]! - 1; word >= starts[set]!; word--) {
    if (words[word]! !== 0) return (word - starts[set]!) * 32 + 32 - Math.clz32(words[word]!)
  }
  return 0
}

function numberedLeaves({ nodes, leafValues, targets, widths, linearLeaves }: Forest) {
  return { leafValues, leafAt: nodes.yes, leafLinear: nodes.no, targets, widths, linear: linearLeaves ?? null }
}
