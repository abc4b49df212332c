// How good a forest's first trees are without the others, on labelled rows. Boosting adds trees that change less and less; where the last
// of them change nothing that the labels show, they only cost time. The first trees of a boosted forest are a model as they stand; of an
// averaged one they are, once they are divided by their own number.
import { mulberry32 } from '../random.ts'
import { labelOf } from './evaluate.ts'
import { leafOf, leafValue } from './evaluate-forest.ts'
import { accuracy, auc, type MetricName, metricUnder, rSquared } from './metric.ts'
import { prepareRow } from './prepare.ts'
import { rounding } from './rounding.ts'
import { applyTransforms } from './transform.ts'
import type { Forest, TabularModel } from './types.ts'

export interface FirstTrees {
  readonly metric: MetricName
  readonly rows: number
  readonly treeCount: number
  /** Ascending; the last has all trees. */
  readonly points: readonly FirstTreesPoint[]
}

export interface FirstTreesPoint {
  readonly trees: number
  /** Larger is better. */
  readonly metric: number
  /** Standard error of what is lost against all trees, by resampling the rows; 0 of all trees. */
  readonly lossError: number
}

/** Steps in which trees are counted. */
const POINTS = 20
const RESAMPLES = 60
/** Rows that are asked: differences of a thousandth show on them. */
export const MOST_ROWS = 5000

/**
 * `labels`: by row; of a classifier the index of its class. undefined if the model is no forest of several trees, has several outputs that are
 * no classes, or the labels show nothing.
 */
export function firstTrees(model: TabularModel, rows: ArrayLike<number>, labels: Float64Array): FirstTrees | undefined {
  const { scores } = model
  if (scores.kind !== 'forest' || scores.treeCount < 2) return undefined
  // Of which of them the labels are is not known.
  if (model.label === undefined && scores.outputCount > 1) return undefined
  const counts = countsOf(scores)
  const answers = answersBy(model, scores, { rows, count: labels.length, counts })
  const metric = metricUnder(model, labels)
  const grades = answers.map((answer) => grader(metric, answer, labels))
  const once = new Float64Array(labels.length).fill(1)
  const draws = resamples(labels.length)
  const all = draws.map(grades.at(-1)!)
  const points = counts.map((trees, k) => ({
    trees,
    metric: grades[k]!(once),
    lossError: trees === scores.treeCount ? 0 : errorOf(draws.map(grades[k]!), all),
  }))
  if (points.some(({ metric }) => Number.isNaN(metric))) return undefined
  return { metric, rows: labels.length, treeCount: scores.treeCount, points }
}

/** Numbers of trees at which every output has as many. */
function countsOf({ treeCount, targets, widths, outputCount }: Forest): readonly number[] {
  const fair: number[] = []
  const of = new Int32Array(outputCount)
  for (let tree = 0; tree < treeCount; tree++) {
    for (let k = 0; k < widths[tree]!; k++) of[targets[tree]! + k]!++
    if (of.every((count) => count === of[0])) fair.push(tree + 1)
  }
  if (fair.at(-1) !== treeCount) fair.push(treeCount)
  const picked = Array.from({ length: POINTS }, (_, k) => fair[Math.ceil(((k + 1) * fair.length) / POINTS) - 1]!)
  return [...new Set(picked)]
}

/** What a model says of each row. */
interface Answers {
  /** What each row's margins say for the second of two classes; of more, the last margin. */
  readonly margin: Float64Array
  readonly prediction: Float64Array
  readonly label: Float64Array
}

interface Asked {
  readonly rows: ArrayLike<number>
  readonly count: number
  readonly counts: readonly number[]
}

function answersBy(model: TabularModel, forest: Forest, { rows, count, counts }: Asked): readonly Answers[] {
  const { featureCount, dtype } = model.input
  const { treeCount, roots, targets, widths, sum } = forest
  const answers = counts.map(() => ({
    margin: new Float64Array(count),
    prediction: new Float64Array(count),
    label: new Float64Array(count),
  }))
  const toInput = rounding(dtype)
  const toCompare = rounding(forest.compare)
  for (let r = 0; r < count; r++) {
    const given = Float64Array.from({ length: featureCount }, (_, f) => toInput(rows[r * featureCount + f]!))
    const row = prepareRow(model.prepare, given).map(toCompare)
    const sums = Float64Array.from(sum.start)
    let next = 0
    for (let tree = 0; tree < treeCount; tree++) {
      const leaf = leafOf(forest, roots[tree]!, row)
      for (let k = 0; k < widths[tree]!; k++) sums[targets[tree]! + k]! += leafValue(forest, { leaf, k, row })
      if (counts[next] !== tree + 1) continue
      note(answers[next++]!, model, { r, sums, share: (tree + 1) / treeCount })
    }
  }
  return answers
}

function note(
  answers: Answers,
  { scores, transform, label }: TabularModel,
  { r, sums, share }: { readonly r: number; readonly sums: Float64Array; readonly share: number },
): void {
  const { sum } = scores as Forest
  // A mean is one of this many trees; a step behind the sum that divides is, too.
  const isMean = sum.divideBy !== 1 || transform.some(({ kind }) => kind === 'divide')
  const margin = sums.map((value, k) => {
    const kept = isMean ? sum.start[k]! + (value - sum.start[k]!) / share : value
    return (kept / sum.divideBy) * sum.scale + sum.end[k]!
  })
  const prediction = applyTransforms(transform, margin)
  answers.margin[r] = margin.length === 2 ? margin[1]! - margin[0]! : margin.at(-1)!
  answers.prediction[r] = prediction.at(-1)!
  answers.label[r] = label === undefined ? Number.NaN : labelOf(label, margin, prediction)
}

/** The metric, given how often each row counts. */
type Grade = (weights: Float64Array) => number

function grader(metric: MetricName, { margin, prediction, label }: Answers, labels: Float64Array): Grade {
  if (metric === 'accuracy') return (weights) => accuracy(label, labels, weights)
  if (metric === 'R²') return (weights) => rSquared(prediction, labels, weights)
  const order = Int32Array.from(margin.keys()).sort((a, b) => margin[a]! - margin[b]!)
  return (weights) => auc(margin, labels, { order, weights })
}

/** How often each row counts in each of them: the same rows for all counts of trees. */
function resamples(count: number): readonly Float64Array[] {
  const random = mulberry32(5)
  return Array.from({ length: RESAMPLES }, () => {
    const weights = new Float64Array(count)
    for (let k = 0; k < count; k++) weights[Math.floor(random() * count)]!++
    return weights
  })
}

/** Standard error of the loss, over the resamples that say something. */
function errorOf(some: readonly number[], all: readonly number[]): number {
  const losses = all.map((metric, k) => metric - some[k]!).filter((loss) => !Number.isNaN(loss))
  const mean = losses.reduce((sum, loss) => sum + loss, 0) / losses.length
  return Math.sqrt(losses.reduce((sum, loss) => sum + (loss - mean) ** 2, 0) / Math.max(1, losses.length - 1))
}
