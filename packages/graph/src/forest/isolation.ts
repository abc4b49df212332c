// How deep a row comes to rest in a tree that isolates rows by random splits. https://doi.org/10.1109/ICDM.2008.17, sklearn/ensemble/_iforest.py
import type { ListedTree } from './assemble.ts'

const EULER = 0.5772156649015329

/** The mean depth at which a random tree of so many rows ends for a row that it does not hold. */
export function usualDepth(rows: number): number {
  if (rows <= 1) return 0
  return rows === 2 ? 1 : 2 * (Math.log(rows - 1) + EULER) - (2 * (rows - 1)) / rows
}

/** Depth of each node, and below it the usual depth of the rows of training that came to it. Children stand behind their parents. */
export function isolationDepths({ feature, yes, no }: ListedTree, rows: Float64Array): Float64Array {
  const levels = new Float64Array(feature.length).fill(1)
  for (let node = 0; node < feature.length; node++)
    if (feature[node]! >= 0) for (const child of [yes[node]!, no[node]!]) levels[child] = levels[node]! + 1
  // In scikit-learn's order, whose root is at 1.
  return levels.map((level, node) => level + usualDepth(rows[node] ?? 0) - 1)
}
