// The mean of several models: where it is one model again (trees with trees, sums with sums, probabilities of two classes by their sums), as that one.
// sklearn/ensemble/_bagging.py, _voting.py
import type { DenseLayer, LinearScores } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { PAIR } from '../tabular/transforms.ts'
import { classesOf, featureCountOf, optionalField, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { meanOfKinds, type ReadModel, votes, type WeightedMember } from './stacked.ts'
import { onColumns } from './tree-models.ts'
import { classicForest, classicTree } from './trees.ts'

/** Reads a member, or a pipeline that ends with one. */
export type ReadMember = (member: InertObject, context: SkopsContext) => Predictor

export interface Readers {
  readonly read: ReadMember
  readonly readModel: ReadModel
}

export function bagging(estimator: InertObject, context: SkopsContext, readers: Readers): Predictor {
  const columns = estimator.field('estimators_features_').items()
  const members = estimator.field('estimators_').items()
  if (columns.length !== members.length)
    throw new InputError(`${estimator.where}: its columns do not fit its members; the file is damaged`)
  return meanOf(
    estimator,
    members.map((one, k) => ({ estimator: one, weight: 1, columns: columns[k]!.array().numbers })),
    { context, ...readers },
  )
}

export function voting(estimator: InertObject, context: SkopsContext, readers: Readers): Predictor {
  const given = estimator.has('weights') ? estimator.field('weights') : undefined
  const weights = given?.isArray() ? [...given.array().numbers] : given?.items().map((one) => one.number())
  // What is dropped has a weight, but is no member.
  const used = estimator
    .field('estimators')
    .items()
    .map((one) => one.items()[1]?.className !== 'str')
  const kept = weights?.filter((_, k) => used[k])
  const members = estimator.field('estimators_').items()
  if (kept !== undefined && kept.length !== members.length)
    throw new InputError(`${estimator.where}: its weights do not fit its members; the file is damaged`)
  const weighted = members.map((one, k) => ({ estimator: one, weight: kept?.[k] ?? 1 }))
  if (optionalField(estimator, 'voting') === 'hard') return votes(estimator, weighted, { context, read: readers.readModel })
  return meanOf(estimator, weighted, { context, ...readers })
}

interface How extends Readers {
  readonly context: SkopsContext
}

const meanOf = (estimator: InertObject, members: readonly WeightedMember[], how: How): Predictor =>
  meanOfTrees(estimator, members, how.context) ??
  meanOfSums(estimator, members, how) ??
  meanOfKinds(estimator, members, { context: how.context, read: how.readModel })

const totalOf = (members: readonly WeightedMember[]): number => members.reduce((sum, { weight }) => sum + weight, 0)

/** Trees, and forests that are means of their own; undefined if one is neither, or knows fewer classes than the others. */
function meanOfTrees(estimator: InertObject, members: readonly WeightedMember[], context: SkopsContext): Predictor | undefined {
  const classes = estimator.className.endsWith('Classifier') ? classesOf(estimator) : undefined
  const width = classes?.length ?? 1
  const groups = members.map(({ estimator: one }) => treesOf(one))
  if (groups.some((trees) => trees === undefined)) return undefined
  if (members.some(({ estimator: one }) => one.field('n_outputs_').number() !== 1)) return undefined
  if (classes !== undefined && members.some(({ estimator: one }) => classesOf(one).length !== width)) return undefined
  const featureCount = featureCountOf(estimator) ?? 0
  const trees = members.flatMap(({ weight, columns }, k) => {
    const group = groups[k]!
    return group.map((one) => {
      const kind = classes === undefined ? 'values' : 'classes'
      const listed = classicTree({ tree: one.field('tree_'), width, kind, factor: weight / group.length }, context)
      return columns === undefined ? listed : onColumns(listed, columns, featureCount)
    })
  })
  const scores = classicForest({ trees, featureCount, outputCount: width, divideBy: totalOf(members) }, context)
  if (classes === undefined) return { scores, transform: [] }
  return { scores, transform: [], label: { classes, from: 'margin', by: 'largest', cut: 0 } }
}

function treesOf(member: InertObject): readonly InertObject[] | undefined {
  if (member.has('tree_')) return [member]
  return /^(RandomForest|ExtraTrees)/.test(member.className) ? member.field('estimators_').items() : undefined
}

/** Linear regressors, or linear classifiers of two classes with probabilities: each becomes a sum of the ensemble's own columns. */
function meanOfSums(estimator: InertObject, members: readonly WeightedMember[], { context, read }: How): Predictor | undefined {
  const inputs = featureCountOf(estimator) ?? 0
  const predictors = members.map((one) => read(one.estimator, context))
  const sums = predictors.map((one, k) => sumOf(one, inputs, members[k]!.columns))
  if (sums.some((one) => one === undefined)) return undefined
  if (sums.some((one) => one?.weights.length !== inputs))
    throw new InputError(`${estimator.where}: a member is of other columns; the file is damaged`)
  const all = sums as readonly Sum[]
  const shares = members.map(({ weight }) => weight / totalOf(members))
  if (predictors.every(({ transform, label }) => transform.length === 0 && label === undefined)) {
    const weights = Float64Array.from({ length: inputs }, (_, f) =>
      all.reduce((sum, one, k) => sum + shares[k]! * one.weights[f]!, 0),
    )
    const end = all.reduce((sum, one, k) => sum + shares[k]! * one.end, 0)
    return { scores: linear(weights, end), transform: [] }
  }
  const slopes = predictors.map(({ transform, label }) => {
    const [first, second] = transform
    return first?.kind === 'logistic' && second?.kind === 'pair' && label?.classes.length === 2 ? first.slope : undefined
  })
  if (slopes.some((one) => one === undefined)) return undefined
  const first: DenseLayer = {
    inputs,
    outputs: all.length,
    weights: Float64Array.from(all.flatMap(({ weights }, k) => Array.from(weights, (one) => one * slopes[k]!))),
    bias: Float64Array.from(all, ({ end }, k) => end * slopes[k]!),
    activation: 'logistic',
  }
  const mean: DenseLayer = {
    inputs: all.length,
    outputs: 1,
    weights: Float64Array.from(shares),
    bias: new Float64Array(1),
    activation: 'identity',
  }
  return {
    scores: { kind: 'network', precision: 'float64', outputCount: 1, layers: [first, mean] },
    transform: [PAIR],
    label: { classes: classesOf(estimator), from: 'prediction', by: 'above', cut: 0.5 },
  }
}

interface Sum {
  readonly weights: Float64Array
  readonly end: number
}

const linear = (weights: Float64Array, end: number): LinearScores => ({
  kind: 'linear',
  precision: 'float64',
  outputCount: 1,
  featureCount: weights.length,
  weights,
  start: new Float64Array(1),
  end: Float64Array.of(end),
  missing: 'missing',
})

/** Its score with the scalers before it; undefined if it is no such sum. */
function sumOf({ scores, prepare = [] }: Predictor, inputs: number, columns?: ArrayLike<number>): Sum | undefined {
  if (scores.kind !== 'linear' || scores.outputCount !== 1) return undefined
  let weights = scores.weights
  let end = scores.start[0]! + scores.end[0]!
  for (const step of prepare.toReversed()) {
    if (step.kind !== 'scale' || step.form === 'subtract-multiply') return undefined
    const { offset, factor, form } = step
    const after = weights
    weights = after.map((one, f) => (form === 'multiply-add' ? one * factor[f]! : one / factor[f]!))
    const moved = form === 'multiply-add' ? after : weights.map((one) => -one)
    end += moved.reduce((sum, one, f) => sum + one * offset[f]!, 0)
  }
  if (columns === undefined) return { weights, end }
  const placed = new Float64Array(weights.every((_, f) => columns[f]! < inputs) ? inputs : 0)
  for (const [f, one] of weights.entries()) placed[columns[f]!]! += one
  return { weights: placed, end }
}
