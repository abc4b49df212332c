// Models whose features are the outputs of other models: means of several kinds, stacking, and calibration of any classifier.
// sklearn/ensemble/_voting.py, _stacking.py, sklearn/calibration.py
import { range } from '@whyslow/graph/builder/range.ts'
import type { ElementFunction } from '@whyslow/graph/forest/element-functions.ts'
import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { LinearScores, Preparation, StackedMember, StackedScores, TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { PAIR } from '../tabular/transforms.ts'
import { classesOf, featureCountOf, notRead, optionalField, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'

/** Reads a member, or a pipeline that ends with one. */
export type ReadModel = (member: InertObject, context: SkopsContext) => TabularModel

interface How {
  readonly context: SkopsContext
  readonly read: ReadModel
}

export interface WeightedMember {
  readonly estimator: InertObject
  readonly weight: number
  /** Columns of the ensemble's rows that it is given; undefined: all. */
  readonly columns?: ArrayLike<number>
}

/** The mean of what members of any kind predict: values, or the probabilities of each class. */
export function meanOfKinds(estimator: InertObject, members: readonly WeightedMember[], { context, read }: How): Predictor {
  const classes = estimator.className.endsWith('Classifier') ? classesOf(estimator) : undefined
  const width = classes?.length ?? 1
  const stacked = members.map(({ estimator: one, columns }): StackedMember => {
    const model = fitting(read(one, context), columns?.length ?? featureCountOf(estimator), one)
    if (widthOf(model) !== width || (classes !== undefined && model.label?.classes.length !== width))
      throw notRead(one, context, `in ${estimator.className}, without the probability of each class`)
    return { model: withColumns(model, columns), output: 'prediction', columns: Int32Array.from(range(0, width)) }
  })
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  const shares = members.map(({ weight }) => weight / total)
  const scores = over(stacked, meanScores(shares, width))
  if (classes === undefined) return { scores, transform: [] }
  return { scores, transform: [], label: { classes, from: 'prediction', by: 'largest', cut: 0 } }
}

/** The class that most members name, each by its weight; the first of several. */
export function votes(estimator: InertObject, members: readonly WeightedMember[], { context, read }: How): Predictor {
  const classes = classesOf(estimator)
  const places = Float64Array.from(range(0, classes.length))
  const stacked = members.map(({ estimator: one }): StackedMember => {
    const model = fitting(read(one, context), featureCountOf(estimator), one)
    if (model.label?.classes.length !== classes.length) throw notRead(one, context, 'in a vote of other classes')
    return { model, output: 'label', columns: Int32Array.of(0) }
  })
  const total = members.reduce((sum, { weight }) => sum + weight, 0)
  const last = meanScores(
    members.map(({ weight }) => weight / total),
    classes.length,
  )
  const scores: StackedScores = { ...over(stacked, last), prepare: [{ kind: 'one-hot', categories: members.map(() => places) }] }
  return { scores, transform: [], label: { classes, from: 'prediction', by: 'largest', cut: 0 } }
}

/** A last model over the outputs of the others. */
export function stacking(estimator: InertObject, { context, read }: How): Predictor {
  const classes = estimator.className.endsWith('Classifier') ? classesOf(estimator) : undefined
  const width = featureCountOf(estimator)
  const methods = estimator.field('stack_method_').items()
  const members = estimator
    .field('estimators_')
    .items()
    .map((one, k) => outputsOf(one, methods[k]?.text() ?? '', { context, read, classes: classes?.length, width }))
  const last = read(estimator.field('final_estimator_'), context)
  if (last.scores.kind === 'stacked') throw notRead(estimator.field('final_estimator_'), context, 'as the last model of a stack')
  if (classes !== undefined && last.label === undefined) throw notRead(estimator, context, 'whose last model is no classifier')
  const passthrough = optionalField(estimator, 'passthrough') === true
  const count = members.reduce((sum, { columns }) => sum + columns.length, 0)
  fitting(last, count + (passthrough ? (width ?? 0) : 0), estimator.field('final_estimator_'))
  const scores: StackedScores = {
    ...over(members, last.scores),
    passthrough,
    prepare: last.input.dtype === 'float32' ? [{ kind: 'round' }, ...last.prepare] : last.prepare,
  }
  if (classes === undefined) return { scores, transform: last.transform }
  return { scores, transform: last.transform, label: { ...last.label!, classes } }
}

/** Takes what the member's method gives; the first of two probabilities is left out, since it follows from the second. */
function outputsOf(
  member: InertObject,
  method: string,
  { context, read, classes, width }: How & Record<'classes' | 'width', number | undefined>,
): StackedMember {
  const model = fitting(read(member, context), width, member)
  const all = (count: number) => Int32Array.from(range(0, count))
  if (method === 'predict_proba' && model.label !== undefined && widthOf(model) === classes)
    return { model, output: 'prediction', columns: classes === 2 ? Int32Array.of(1) : all(classes) }
  if (method === 'decision_function' && DECIDES.test(model.objective))
    return { model, output: 'margin', columns: all(model.scores.outputCount) }
  if (method === 'predict')
    return model.label === undefined
      ? { model, output: 'prediction', columns: all(widthOf(model)) }
      : { model, output: 'label', columns: Int32Array.of(0) }
  throw notRead(member, context, `in a stack, asked by ${method}`)
}

/** Classifiers whose margin is their decision function, which is calibrated in place of probabilities. Those that are in neither list may have either. */
const DECIDES =
  /^(LogisticRegression|LinearSVC|SGDC|RidgeC|(Hist)?GradientBoosting|Perceptron|PassiveAggressive|LinearDiscriminant)/
const HAS_PROBABILITIES_ALONE = /^(RandomForest|ExtraTree|DecisionTree|MLP|VotingC|CalibratedC)|NB$/

/** Two classes: the mean over the folds of what a sigmoid or a staircase makes of the classifier's score. */
export function calibratedKinds(estimator: InertObject, { context, read }: How): Predictor {
  const folds = estimator
    .field('calibrated_classifiers_')
    .items()
    .map((fold) => foldOf(fold, estimator, { context, read }))
  const functions = folds.map(({ curve }) => curve)
  const lines = folds.map(({ line }) => line)
  const scores: StackedScores = {
    ...over(
      folds.map(({ member }) => member),
      meanScores(new Array<number>(folds.length).fill(1 / folds.length), 1),
    ),
    prepare: [
      {
        kind: 'scale',
        form: 'multiply-add',
        precision: 'float64',
        factor: Float64Array.from(lines, ({ factor }) => factor),
        offset: Float64Array.from(lines, ({ offset }) => offset),
      },
      { kind: 'apply', precision: 'float64', functions },
    ],
  }
  return {
    scores,
    transform: [PAIR],
    label: { classes: classesOf(estimator), from: 'prediction', by: 'above', cut: 0.5 },
  }
}

interface Fold {
  readonly member: StackedMember
  readonly line: { readonly factor: number; readonly offset: number }
  readonly curve: ElementFunction
}

function foldOf(fold: InertObject, estimator: InertObject, { context, read }: How): Fold {
  const inner = fold.has('estimator') ? fold.field('estimator') : fold.field('base_estimator')
  const model = fitting(read(inner, context), featureCountOf(estimator), inner)
  const decides = DECIDES.test(model.objective)
  if (!decides && !HAS_PROBABILITIES_ALONE.test(model.objective)) throw notRead(estimator, context, `of ${model.objective}`)
  if (model.label?.classes.length !== 2 || (decides ? model.scores.outputCount !== 1 : widthOf(model) !== 2))
    throw notRead(estimator, context, `of ${model.objective}`)
  const member: StackedMember = { model, output: decides ? 'margin' : 'prediction', columns: Int32Array.of(decides ? 0 : 1) }
  const [calibrator] = fold.field('calibrators').items()
  if (calibrator?.has('a_'))
    return {
      member,
      line: { factor: -calibrator.field('a_').number(), offset: -calibrator.field('b_').number() },
      curve: { name: 'logistic' },
    }
  if (!calibrator?.has('X_thresholds_')) throw notRead(estimator, context, 'with this calibration')
  const [x, y] = ['X_thresholds_', 'y_thresholds_'].map((name) => calibrator.field(name).array().numbers) as [
    Float64Array,
    Float64Array,
  ]
  if (x.length === 0 || x.length !== y.length || x.some((one, k) => k > 0 && !(one > x[k - 1]!)))
    throw new InputError(`${calibrator.where}: its points do not ascend; the file is damaged`)
  return { member, line: { factor: 1, offset: 0 }, curve: { name: 'interpolate', x, y } }
}

/** Throws InputError if the model is of another number of columns. */
function fitting(model: TabularModel, width: number | undefined, { where }: InertObject): TabularModel {
  if (width !== undefined && model.input.featureCount !== width)
    throw new InputError(`${where} is of ${model.input.featureCount} columns, not ${width}; the file is damaged`)
  return model
}

const over = (members: readonly StackedMember[], last: StackedScores['last']): StackedScores => ({
  kind: 'stacked',
  precision: 'float64',
  outputCount: last.outputCount,
  members,
  passthrough: false,
  prepare: [],
  last,
})

/** Sums of the members' outputs for each of `width` classes, weighted by their shares. */
function meanScores(shares: readonly number[], width: number): LinearScores {
  const featureCount = shares.length * width
  const weights = new Float64Array(width * featureCount)
  for (const [m, share] of shares.entries()) for (let c = 0; c < width; c++) weights[c * featureCount + m * width + c] = share
  const zeros = new Float64Array(width)
  return {
    kind: 'linear',
    precision: 'float64',
    outputCount: width,
    featureCount,
    weights,
    start: zeros,
    end: zeros,
    missing: 'missing',
  }
}

const widthOf = ({ scores, transform }: TabularModel): number =>
  transform.reduce((width, one) => widthAfterTransform(one, width), scores.outputCount)

function withColumns(model: TabularModel, columns: ArrayLike<number> | undefined): TabularModel {
  if (columns === undefined) return model
  const take: Preparation = { kind: 'take', columns: Int32Array.from(columns) }
  return { ...model, prepare: [take, ...model.prepare] }
}
