// A fitted scikit-learn estimator, with what stands before it in a pipeline, as a tabular model.
import type { Preparation, TabularModel } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { MOST_FEATURES } from '../tabular/tabular-model.ts'
import { calibrated } from './calibrated.ts'
import { featureCountOf, notRead, type Predictor, type SkopsContext, versionOf } from './context.ts'
import { bagging, voting } from './ensembles.ts'
import { histGradientBoosting } from './hist-gradient-boosting.ts'
import type { InertObject } from './inert.ts'
import {
  generalizedLinear,
  linearClassifier,
  linearRegression,
  logisticRegression,
  multiLayerPerceptron,
  stochasticGradientClassifier,
} from './linear-models.ts'
import { gaussianNaiveBayes, naiveBayes } from './naive-bayes.ts'
import { stacking } from './stacked.ts'
import { stepsOf, transform } from './transformers.ts'
import { decisionTree, gradientBoosting, isolationForest, randomForest } from './tree-models.ts'

type Reader = (estimator: InertObject, context: SkopsContext) => Predictor

const same = (names: string, reader: Reader): (readonly [string, Reader])[] => names.split(' ').map((name) => [name, reader])

const READERS: ReadonlyMap<string, Reader> = new Map([
  ...same('DecisionTreeClassifier DecisionTreeRegressor ExtraTreeClassifier ExtraTreeRegressor', decisionTree),
  ...same('RandomForestClassifier RandomForestRegressor ExtraTreesClassifier ExtraTreesRegressor', randomForest),
  ...same('GradientBoostingClassifier GradientBoostingRegressor', gradientBoosting),
  ...same('HistGradientBoostingClassifier HistGradientBoostingRegressor', histGradientBoosting),
  ...same('IsolationForest', isolationForest),
  ...same('LogisticRegression LogisticRegressionCV LinearDiscriminantAnalysis', logisticRegression),
  ...same('SGDClassifier', stochasticGradientClassifier),
  ...same('LinearSVC RidgeClassifier RidgeClassifierCV Perceptron PassiveAggressiveClassifier', linearClassifier),
  ...same('CalibratedClassifierCV', (one, context) => calibrated(one, context, readModel)),
  ...same('GaussianNB', gaussianNaiveBayes),
  ...same('MultinomialNB ComplementNB BernoulliNB', naiveBayes),
  ...same(
    'LinearRegression Ridge RidgeCV Lasso LassoCV LassoLars LassoLarsCV ElasticNet ElasticNetCV Lars LarsCV',
    linearRegression,
  ),
  ...same(
    'BayesianRidge ARDRegression HuberRegressor QuantileRegressor SGDRegressor LinearSVR TheilSenRegressor',
    linearRegression,
  ),
  ...same('OrthogonalMatchingPursuit PassiveAggressiveRegressor MultiTaskLasso MultiTaskElasticNet', linearRegression),
  ...same('PoissonRegressor GammaRegressor TweedieRegressor', generalizedLinear),
  ...same('MLPClassifier MLPRegressor', multiLayerPerceptron),
  ...same('BaggingClassifier BaggingRegressor', (one, context) => bagging(one, context, MEMBERS)),
  ...same('VotingClassifier VotingRegressor', (one, context) => voting(one, context, MEMBERS)),
  ...same('StackingClassifier StackingRegressor', (one, context) => stacking(one, { context, read: readModel })),
])

const MEMBERS = { read: readMember, readModel }

/** Throws InputError for an estimator or transformer that is not known, by its name. */
export function tabularOfEstimator(root: InertObject, file: string): TabularModel {
  const { whole, first, last, featureCount, predictor, all } = readSteps(root, file)
  const isSingle = all.length === 0 && predictor.scores.kind === 'forest' && predictor.scores.compare === 'float32'
  const names = namesOf(whole, featureCount) ?? namesOf(first, featureCount)
  return {
    maker: 'scikit-learn',
    objective: last.className,
    input: { dtype: isSingle ? 'float32' : 'float64', featureCount, ...(names !== undefined && { names }) },
    prepare: all,
    scores: predictor.scores,
    transform: predictor.transform,
    ...(predictor.label !== undefined && { label: predictor.label }),
    notes: [],
  }
}

/** A pipeline, or an estimator alone. */
function readSteps(root: InertObject, file: string) {
  const whole = searched(root)
  const steps = whole.className === 'Pipeline' ? stepsOf(whole) : [whole]
  const last = searched(steps.at(-1) ?? whole)
  const context: SkopsContext = { file, version: versionOf(last) }
  const reader = READERS.get(last.className)
  if (reader === undefined) throw notRead(last, context)
  const before = steps.slice(0, -1)
  const predictor = reader(last, context)
  const first = before[0] ?? last
  const featureCount = featuresOf(first, last)
  const prepare: Preparation[] = []
  let width = featureCount
  for (const step of before) {
    const done = transform(step, { width }, context)
    for (const one of done.steps) prepare.push(one)
    width = done.width
  }
  return { whole, first, last, featureCount, predictor, all: [...prepare, ...(predictor.prepare ?? [])] }
}

function readModel(member: InertObject, { file }: SkopsContext): TabularModel {
  return tabularOfEstimator(member, file)
}

function readMember(member: InertObject, { file }: SkopsContext): Predictor {
  const { predictor, all } = readSteps(member, file)
  return { ...predictor, prepare: all }
}

/** The estimator that a search over parameters kept, or that is kept from being fitted again. */
function searched(estimator: InertObject): InertObject {
  if (estimator.className === 'FrozenEstimator') return estimator.field('estimator')
  return /^(Halving)?(GridSearchCV|RandomSearchCV|RandomizedSearchCV)$/.test(estimator.className)
    ? estimator.field('best_estimator_')
    : estimator
}

function featuresOf(first: InertObject, last: InertObject): number {
  const count = featureCountOf(first) ?? featureCountOf(last) ?? 0
  if (!Number.isInteger(count) || count < 1 || count > MOST_FEATURES)
    throw new InputError(`${first.where}: ${first.className} has ${count} features; the file is damaged, save the model again`)
  return count
}

/** Feature names of an estimator that was fitted on data frames. */
function namesOf(estimator: InertObject, featureCount: number): readonly string[] | undefined {
  if (!estimator.has('feature_names_in_')) return undefined
  const names = estimator.field('feature_names_in_')
  const texts = names.isArray() ? names.array().texts : names.items().map((one) => String(one.plain()))
  return texts?.length === featureCount ? texts : undefined
}
