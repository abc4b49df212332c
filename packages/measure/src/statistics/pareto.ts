// Which of several are worth choosing between: nobody is at least as good in everything and better in something.

export interface ParetoCandidate {
  readonly id: string
}

/** -1: x is better than y, 1: worse, 0: as good, or not to be distinguished. null: one of the two is not known there. */
export type Axis<T> = { readonly name: string; readonly compare: (x: T, y: T) => -1 | 0 | 1 | null }

export interface Pareto {
  readonly axes: readonly string[]
  /** Ids on the front, in the order given. */
  readonly front: readonly string[]
  /** Each with one that is at least as good in everything. */
  readonly dominated: readonly { readonly id: string; readonly by: string }[]
}

/** Axes on which two cannot be compared keep each from dominating the other. */
export function paretoOf<T extends ParetoCandidate>(candidates: readonly T[], axes: readonly Axis<T>[]): Pareto {
  const dominates = (x: T, y: T): boolean => {
    const results = axes.map(({ compare }) => compare(x, y))
    return results.every((result) => result === -1 || result === 0) && results.includes(-1)
  }
  const dominated = candidates.flatMap((y) => {
    const by = candidates.find((x) => x !== y && dominates(x, y))
    return by === undefined ? [] : [{ id: y.id, by: by.id }]
  })
  const out = new Set(dominated.map(({ id }) => id))
  return { axes: axes.map(({ name }) => name), front: candidates.map(({ id }) => id).filter((id) => !out.has(id)), dominated }
}

/** Smaller is better; null if one is not known. */
export function compareNumbers(x: number | null, y: number | null): -1 | 0 | 1 | null {
  if (x === null || y === null) return null
  return x < y ? -1 : x > y ? 1 : 0
}
