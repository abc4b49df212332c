// What a walk's module is written from.
import type { CategoryRule, Precision } from '@whyslow/graph/forest/types.ts'
import type { WalkMemory } from './walk-memory.ts'
import type { WalkTables } from './walk-tables.ts'

/** `steps`: as many as the deepest leaf takes. `settled`: until no lane moves any more, for trees whose leaves lie at different depths. */
export type Until = 'steps' | 'settled'

/** `full`: the trees of full-trees.ts, side by side. */
export type RowsUntil = Until | 'full'

/**
 * One way to walk: until when, where trees are side by side and where rows are; from how many rows on it is rows, from how many on rows as
 * ranks, and up to how many nested choices in JavaScript. null: never.
 */
export interface WalkForm {
  readonly until: { readonly rows: RowsUntil; readonly block: Until }
  readonly blockFrom: number | null
  readonly ranksFrom: number | null
  readonly nestedUpTo: number | null
}

export interface WalkSpec {
  readonly tables: Pick<WalkTables, 'layout' | 'slots' | 'treeCount' | 'leaves'>
  readonly memory: WalkMemory
  readonly sum: Precision
  readonly outputCount: number
  /** Type of the rows given, and in which they are compared. */
  readonly compare: Precision
  readonly until: WalkForm['until']
  readonly categoryRule: CategoryRule
  /** One more than the largest category in any of its sets, for each feature that has sets. */
  readonly categoryCounts: readonly number[]
  /** Likewise, whether what is not among its known categories is missing. */
  readonly unknownIsMissing: readonly boolean[]
}
