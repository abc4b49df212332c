// Gradient-boosted trees, grown level by level on histograms of gradients, as XGBoost and LightGBM do it, for forests of some tens of
// trees. https://arxiv.org/abs/1603.02754 , section 3
import type { ListedTree } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, TEST } from '@whyslow/graph/forest/types.ts'
import type { BinnedFeatures } from './bins.ts'

/** First and second derivative of the loss by the score, for each row. */
export type Gradients = (scores: Float64Array, gradient: Float64Array, hessian: Float64Array) => void

export interface BoostPlan {
  readonly depth: number
  readonly trees: number
  readonly rate: number
  /** Penalty on leaves; keeps small leaves small. */
  readonly lambda: number
  readonly leastHessian: number
}

/** Trees in the order in which they were grown; each adds its leaves to `scores`, where it starts from. */
export function boost(binned: BinnedFeatures, scores: Float64Array, gradients: Gradients, plan: BoostPlan): ListedTree[] {
  const { count } = binned
  const [gradient, hessian] = [new Float64Array(count), new Float64Array(count)]
  return Array.from({ length: plan.trees }, () => {
    gradients(scores, gradient, hessian)
    const tree = growTree(binned, { gradient, hessian }, plan)
    for (let r = 0; r < count; r++) scores[r]! += tree.values[tree.leafOf[r]!]!
    return tree.listed
  })
}

interface Derivatives {
  readonly gradient: Float64Array
  readonly hessian: Float64Array
}

interface Grown {
  readonly listed: ListedTree
  readonly values: readonly number[]
  /** Leaf of each row: index into `values`. */
  readonly leafOf: Int32Array
}

interface Split {
  readonly gain: number
  readonly feature: number
  /** Bins up to it go the way of 'yes'. */
  readonly bin: number
  readonly missingIsYes: boolean
}

interface Columns {
  readonly feature: number[]
  readonly threshold: number[]
  readonly yes: number[]
  readonly no: number[]
  readonly flags: number[]
  readonly leafAt: number[]
}

function growTree(binned: BinnedFeatures, derivatives: Derivatives, plan: BoostPlan): Grown {
  const columns: Columns = { feature: [], threshold: [], yes: [], no: [], flags: [], leafAt: [] }
  const values: number[] = []
  const leafOf = new Int32Array(binned.count)
  const grow = (rows: Int32Array, depth: number): number => {
    const at = columns.feature.length
    const split = depth < plan.depth ? bestSplit(binned, derivatives, rows, plan) : undefined
    const isLeaf = split === undefined
    columns.feature.push(isLeaf ? -1 : split.feature)
    columns.threshold.push(isLeaf ? 0 : binned.cuts[split.feature]![split.bin - 1]!)
    columns.yes.push(-1)
    columns.no.push(-1)
    columns.flags.push(TEST.less | (split?.missingIsYes ? FLAG.missingIsYes : 0))
    columns.leafAt.push(isLeaf ? values.length : -1)
    if (isLeaf) {
      for (const row of rows) leafOf[row] = values.length
      values.push(leafValue(derivatives, rows, plan))
      return at
    }
    const goesYes = (row: number) => {
      const bin = binned.bins[split.feature * binned.count + row]!
      return bin === 0 ? split.missingIsYes : bin <= split.bin
    }
    columns.yes[at] = grow(rows.filter(goesYes), depth + 1)
    columns.no[at] = grow(
      rows.filter((row) => !goesYes(row)),
      depth + 1,
    )
    return at
  }
  grow(
    Int32Array.from({ length: binned.count }, (_, r) => r),
    0,
  )
  return { listed: { target: 0, width: 1, ...columns, values }, values, leafOf }
}

function leafValue({ gradient, hessian }: Derivatives, rows: Int32Array, { lambda, rate }: BoostPlan): number {
  let [g, h] = [0, 0]
  for (const row of rows) {
    g += gradient[row]!
    h += hessian[row]!
  }
  return Math.fround((-rate * g) / (h + lambda))
}

/** undefined if none gains. */
function bestSplit(binned: BinnedFeatures, derivatives: Derivatives, rows: Int32Array, plan: BoostPlan): Split | undefined {
  let best: Split | undefined
  for (let feature = 0; feature < binned.cuts.length; feature++) {
    if (binned.cuts[feature]!.length === 0) continue
    const found = splitOf(binned, derivatives, rows, { ...plan, feature })
    if (found !== undefined && found.gain > (best?.gain ?? 1e-9)) best = found
  }
  return best
}

function splitOf(
  { cuts, bins, count }: BinnedFeatures,
  { gradient, hessian }: Derivatives,
  rows: Int32Array,
  { lambda, leastHessian, feature }: BoostPlan & { readonly feature: number },
): Split | undefined {
  const size = cuts[feature]!.length + 2
  const sums = new Float64Array(2 * size)
  let [g, h] = [0, 0]
  for (const row of rows) {
    const bin = bins[feature * count + row]!
    sums[2 * bin]! += gradient[row]!
    sums[2 * bin + 1]! += hessian[row]!
    g += gradient[row]!
    h += hessian[row]!
  }
  const score = (a: number, b: number) => (a * a) / (b + lambda)
  const whole = score(g, h)
  let best: Split | undefined
  for (const missingIsYes of sums[1] === 0 ? [false] : [false, true]) {
    let [left, weight] = missingIsYes ? [sums[0]!, sums[1]!] : [0, 0]
    for (let bin = 1; bin < size - 1; bin++) {
      left += sums[2 * bin]!
      weight += sums[2 * bin + 1]!
      if (weight < leastHessian || h - weight < leastHessian) continue
      const gain = score(left, weight) + score(g - left, h - weight) - whole
      if (gain > (best?.gain ?? 0)) best = { gain, feature, bin, missingIsYes }
    }
  }
  return best
}
