// A forest's own first trees, with leaves that are fitted again to make up for those that are gone: few trees with refitted leaves are better
// than pruned ones. https://arxiv.org/abs/2110.10075
import { leafOf } from '@whyslow/graph/forest/evaluate-forest.ts'
import type { Forest } from '@whyslow/graph/forest/types.ts'
import type { Lessons } from './lessons.ts'
import { logistic } from './loss.ts'

const SWEEPS = 3
const LAMBDA = 1

/** undefined if leaves are no single numbers. */
export function truncateForest(forest: Forest, count: number, lessons: Lessons): Forest | undefined {
  const { nodes, roots, widths, treeCount, linearLeaves, outputCount } = forest
  if (outputCount !== 1 || linearLeaves !== undefined || widths.some((width) => width !== 1)) return undefined
  const end = count < treeCount ? roots[count]! : nodes.feature.length
  // Means of trees are sums of as many; the sum alone is kept.
  const divisor = forest.sum.divideBy === 1 ? 1 : forest.sum.divideBy / forest.sum.scale
  const leafValues = forest.leafValues.map((value) => value / divisor)
  const kept: Forest = {
    ...forest,
    treeCount: count,
    roots: roots.slice(0, count),
    targets: forest.targets.slice(0, count),
    widths: widths.slice(0, count),
    nodes: {
      feature: nodes.feature.slice(0, end),
      threshold: nodes.threshold.slice(0, end),
      yes: nodes.yes.slice(0, end),
      no: nodes.no.slice(0, end),
      flags: nodes.flags.slice(0, end),
    },
    leafValues,
    sum: {
      ...forest.sum,
      start: Float64Array.of(forest.sum.start[0]! / divisor + forest.sum.end[0]!),
      divideBy: 1,
      scale: 1,
      end: new Float64Array(1),
    },
  }
  const { oblivious: _, ...plain } = kept
  refit(plain, lessons)
  return { ...plain, leafValues: forest.sum.precision === 'float32' ? leafValues.map(Math.fround) : leafValues }
}

/** Newton's step for the leaves of one tree after the other. */
function refit(forest: Forest, { teacher, rows, count, scores, isLogOdds }: Lessons): void {
  const { featureCount: width } = teacher.input
  const { treeCount, roots, nodes, leafValues } = forest
  const leaves = Array.from({ length: treeCount }, () => new Int32Array(count))
  const row = new Float64Array(width)
  const sums = new Float64Array(count).fill(forest.sum.start[0]!)
  for (let r = 0; r < count; r++) {
    for (let f = 0; f < width; f++) row[f] = rows[r * width + f]!
    for (let t = 0; t < treeCount; t++) {
      leaves[t]![r] = nodes.yes[leafOf(forest, roots[t]!, row)]!
      sums[r]! += leafValues[leaves[t]![r]!]!
    }
  }
  for (let sweep = 0; sweep < SWEEPS; sweep++)
    for (const ofTree of leaves) {
      const [slopes, curvatures] = [new Map<number, number>(), new Map<number, number>()]
      for (let r = 0; r < count; r++) {
        const p = isLogOdds ? logistic(sums[r]!) : sums[r]!
        const target = isLogOdds ? logistic(scores[r]!) : scores[r]!
        const leaf = ofTree[r]!
        slopes.set(leaf, (slopes.get(leaf) ?? 0) + p - target)
        curvatures.set(leaf, (curvatures.get(leaf) ?? 0) + (isLogOdds ? Math.max(p * (1 - p), 1e-6) : 1))
      }
      const steps = new Map([...slopes].map(([leaf, slope]) => [leaf, -slope / (curvatures.get(leaf)! + LAMBDA)]))
      for (const [leaf, step] of steps) leafValues[leaf]! += step
      for (let r = 0; r < count; r++) sums[r]! += steps.get(ofTree[r]!)!
    }
}
