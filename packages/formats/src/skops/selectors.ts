// Which columns a selector keeps. Selectors that searched have stored it; others compute it from scores, variances or importances, as here.
// sklearn/feature_selection/_univariate_selection.py, _variance_threshold.py, _from_model.py
import type { Preparation } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { notRead, optionalField, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { fieldOf } from './trees.ts'

/** Those that are read, and by their `support_` alone: whyslow's collector stores it for each. */
export const SELECTORS = [
  ...['RFE', 'RFECV', 'SequentialFeatureSelector', 'SelectKBest', 'SelectPercentile', 'VarianceThreshold', 'SelectFromModel'],
  ...['SelectFpr', 'SelectFdr', 'SelectFwe', 'GenericUnivariateSelect'],
]

export function selectedColumns(
  selector: InertObject,
  { width }: { readonly width: number },
  context: SkopsContext,
): readonly Preparation[] {
  const keeps = supportOf(selector, context)
  if (keeps.length !== width)
    throw new InputError(`${selector.where} chooses among ${keeps.length} columns, not ${width}; the file is damaged`)
  return [{ kind: 'take', columns: Int32Array.from([...keeps.keys()].filter((k) => keeps[k])) }]
}

function supportOf(selector: InertObject, context: SkopsContext): readonly boolean[] {
  if (selector.has('support_')) return numbersOf(selector, 'support_').map((one) => one === 1)
  switch (selector.className) {
    case 'SelectKBest':
      return best(scoresOf(selector), optionalField(selector, 'k'))
    case 'SelectPercentile':
      return percentile(scoresOf(selector), selector.field('percentile').number())
    case 'VarianceThreshold': {
      const threshold = selector.field('threshold').number()
      return numbersOf(selector, 'variances_').map((one) => one > threshold)
    }
    case 'SelectFromModel':
      return byImportance(selector, context)
    default:
      throw notRead(selector, context)
  }
}

const numbersOf = (owner: InertObject, name: string): number[] => [...owner.field(name).array().numbers]

const scoresOf = (selector: InertObject): number[] =>
  numbersOf(selector, 'scores_').map((one) => (Number.isNaN(one) ? -Number.MAX_VALUE : one))

/** The k largest; those that come last if scores are equal. */
function best(scores: readonly number[], k: unknown): readonly boolean[] {
  if (typeof k !== 'number') return scores.map(() => true)
  const ascending = [...scores.keys()].sort((a, b) => scores[a]! - scores[b]!)
  const kept = new Set(k === 0 ? [] : ascending.slice(-k))
  return scores.map((_, at) => kept.has(at))
}

/** What is above the threshold, and the first of those equal to it that there is room for. */
function percentile(scores: readonly number[], percent: number): readonly boolean[] {
  if (percent === 100 || percent === 0) return scores.map(() => percent === 100)
  const ascending = [...scores].sort((a, b) => a - b)
  const place = (scores.length - 1) * ((100 - percent) / 100)
  const [low, high] = [ascending[Math.floor(place)]!, ascending[Math.ceil(place)]!]
  // As NumPy goes from one to the other.
  const share = place - Math.floor(place)
  const threshold = share < 0.5 ? low + (high - low) * share : high - (high - low) * (1 - share)
  const above = scores.map((one) => one > threshold)
  const room = Math.trunc((scores.length * percent) / 100) - above.filter(Boolean).length
  const ties = new Set([...scores.keys()].filter((k) => scores[k] === threshold).slice(0, room))
  return above.map((one, k) => one || ties.has(k))
}

/** Sums of importances are NumPy's to 15 digits; one as close to the threshold as that may be on either side of it. */
const SAME = 1e-12

function byImportance(selector: InertObject, context: SkopsContext): readonly boolean[] {
  const estimator = selector.field(selector.has('estimator_') ? 'estimator_' : 'estimator')
  const importances = importancesOf(selector, estimator, context)
  const threshold = thresholdOf(selector, { estimator, importances }, context)
  const isClose = (one: number) => one !== threshold && Math.abs(one - threshold) <= SAME * Math.abs(threshold)
  if (importances.some(isClose)) throw notRead(selector, context, 'with an importance at its threshold')
  const most = optionalField(selector, 'max_features_') ?? optionalField(selector, 'max_features')
  const descending = [...importances.keys()].sort((a, b) => importances[b]! - importances[a]!)
  const first = new Set(typeof most === 'number' ? descending.slice(0, most) : descending)
  return importances.map((one, k) => first.has(k) && one >= threshold)
}

function importancesOf(selector: InertObject, estimator: InertObject, context: SkopsContext): number[] {
  if (optionalField(selector, 'importance_getter') !== 'auto') throw notRead(selector, context, 'with an importance_getter')
  if (!estimator.has('coef_')) return importancesOfTrees(selector, estimator, context)
  const { shape, numbers } = estimator.field('coef_').array()
  const width = shape[shape.length - 1] ?? 0
  const order = shape.length === 1 || shape[0] === 1 ? 1 : optionalField(selector, 'norm_order')
  if (order !== 1) throw notRead(selector, context, 'with this norm_order')
  const sums = new Array<number>(width).fill(0)
  for (const [at, one] of numbers.entries()) sums[at % width]! += Math.abs(one)
  return sums
}

/** The mean over the trees of what their splits take from the impurity, as a share of all. */
function importancesOfTrees(selector: InertObject, estimator: InertObject, context: SkopsContext): number[] {
  const listed = estimator.has('estimators_') ? estimator.field('estimators_').items() : [estimator]
  const trees = listed.flatMap((one) => (one.isList() ? one.items() : [one]))
  if (trees.length === 0 || trees.some((one) => !one.has('tree_'))) throw notRead(selector, context, `of ${estimator.className}`)
  // A forest divides by each tree's own sum, boosting by the sum of all.
  const isBoosting = estimator.className.startsWith('GradientBoosting')
  const width = estimator.field('n_features_in_').number()
  const total = new Float64Array(width)
  for (const one of trees) {
    const tree = one.field('tree_')
    const nodes = tree.field('nodes').array()
    const column = (name: string) => fieldOf(nodes, name, tree)
    const [feature, left, right] = [column('feature'), column('left_child'), column('right_child')]
    const [weight, impurity] = [column('weighted_n_node_samples'), column('impurity')]
    const taken = new Float64Array(width)
    const of = (node: number) => (weight[node] ?? 0) * (impurity[node] ?? 0)
    for (const [node, at] of feature.entries())
      if (left[node] !== -1 && at >= 0 && at < width) taken[at]! += of(node) - of(left[node]!) - of(right[node]!)
    const sum = taken.reduce((all, part) => all + part, 0)
    const divisor = isBoosting ? weight[0]! : sum > 0 ? sum : 1
    for (const [k, part] of taken.entries()) total[k]! += part / divisor
  }
  const sum = total.reduce((all, one) => all + one, 0)
  return [...total].map((one) => (sum > 0 ? one / sum : 0))
}

interface Importances {
  readonly estimator: InertObject
  readonly importances: readonly number[]
}

/** A number, 'mean', 'median' or '1.25*mean'; None is a number that is nearly zero if the estimator leaves columns out by itself, else the mean. */
function thresholdOf(selector: InertObject, { estimator, importances }: Importances, context: SkopsContext): number {
  const given = optionalField(selector, 'threshold') ?? (leavesOut(estimator, context) ? 1e-5 : 'mean')
  if (typeof given === 'number') return given
  const [, factor, reference] = /^(?:\s*([\d.eE+-]+)\s*\*)?\s*(mean|median)\s*$/.exec(String(given)) ?? []
  if (reference === undefined) throw notRead(selector, context, 'with this threshold')
  const ascending = [...importances].sort((a, b) => a - b)
  const [low, high] = [ascending[Math.floor((ascending.length - 1) / 2)]!, ascending[Math.ceil((ascending.length - 1) / 2)]!]
  const value = reference === 'median' ? (low + high) / 2 : importances.reduce((sum, one) => sum + one, 0) / importances.length
  return Number(factor ?? 1) * value
}

/** Whether coefficients become zero in training: by the L1 norm alone. */
function leavesOut(estimator: InertObject, { version }: SkopsContext): boolean {
  const { className } = estimator
  if (className.includes('Lasso') || optionalField(estimator, 'penalty') === 'l1') return true
  // Since 1.8 of all that have it.
  const name = className.endsWith('CV') ? 'l1_ratio_' : 'l1_ratio'
  const isRatio = className.startsWith('ElasticNet') || (className.startsWith('LogisticRegression') && version >= 108)
  if (!isRatio || !estimator.has(name)) return false
  const ratio = estimator.field(name)
  const all = ratio.isArray() ? [...ratio.array().numbers] : [ratio.plain()]
  return all.every((one) => Math.abs(Number(one) - 1) <= 1e-5)
}
