// Decision trees, random forests, extremely randomised trees, gradient boosting and isolation. sklearn/tree/_classes.py, sklearn/ensemble/_forest.py, _gb.py,
// _iforest.py
import type { ListedTree } from '@whyslow/graph/forest/assemble.ts'
import { isolationDepths, usualDepth } from '@whyslow/graph/forest/isolation.ts'
import { logistic, PAIR, SOFTMAX } from '../tabular/transforms.ts'
import { classesOf, notRead, optionalField, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { classicForest, classicTree, fieldOf } from './trees.ts'

/** One tree: the shares of the classes in its leaf, or its values. */
export function decisionTree(estimator: InertObject, context: SkopsContext): Predictor {
  return ofTrees(estimator, [estimator], context)
}

/** The mean of what its trees say. */
export function randomForest(estimator: InertObject, context: SkopsContext): Predictor {
  return ofTrees(estimator, estimator.field('estimators_').items(), context)
}

function ofTrees(estimator: InertObject, trees: readonly InertObject[], context: SkopsContext): Predictor {
  const outputs = estimator.field('n_outputs_').number()
  const isClassifier = estimator.className.endsWith('Classifier')
  if (isClassifier && outputs !== 1) throw notRead(estimator, context, 'of several outputs')
  const classes = isClassifier ? classesOf(estimator) : undefined
  const width = classes?.length ?? outputs
  const listed = trees.map((tree) =>
    classicTree({ tree: tree.field('tree_'), width, kind: isClassifier ? 'classes' : 'values' }, context),
  )
  const featureCount = estimator.field('n_features_in_').number()
  const scores = classicForest({ trees: listed, featureCount, outputCount: width, divideBy: trees.length }, context)
  if (classes === undefined) return { scores, transform: [] }
  return { scores, transform: [], label: { classes, from: 'margin', by: 'largest', cut: 0 } }
}

/** A start, and the learning rate times each leaf. */
export function gradientBoosting(estimator: InertObject, context: SkopsContext): Predictor {
  const isClassifier = estimator.className.endsWith('Classifier')
  const classes = isClassifier ? classesOf(estimator) : undefined
  const width = classes === undefined || classes.length === 2 ? 1 : classes.length
  const factor = estimator.field('learning_rate').number()
  const trees: ListedTree[] = []
  // A list of iterations, each a list with a tree for each output.
  for (const row of estimator.field('estimators_').items())
    for (const [target, tree] of row.items().entries())
      trees.push(classicTree({ tree: tree.field('tree_'), width: 1, target, kind: 'values', factor }, context))
  const start = startOf(estimator, width, context)
  const scores = classicForest(
    { trees, featureCount: estimator.field('n_features_in_').number(), outputCount: width, start },
    context,
  )
  if (classes === undefined) return { scores, transform: [] }
  if (width > 1) return { scores, transform: [SOFTMAX], label: { classes, from: 'margin', by: 'largest', cut: 0 } }
  const slope = estimator.field('loss').text() === 'exponential' ? 2 : 1
  return { scores, transform: [logistic(slope), PAIR], label: { classes, from: 'margin', by: 'from', cut: 0 } }
}

/** How early a row is alone: 2 to the power of its mean depth over the usual one, negative, above the offset for rows like the others. */
export function isolationForest(estimator: InertObject, context: SkopsContext): Predictor {
  const featureCount = estimator.field('n_features_in_').number()
  const columns = estimator.field('estimators_features_').items()
  const trees = estimator
    .field('estimators_')
    .items()
    .map((one, k): ListedTree => {
      const tree = one.field('tree_')
      const listed = classicTree({ tree, width: 1, kind: 'values' }, context)
      const values = isolationDepths(listed, fieldOf(tree.field('nodes').array(), 'n_node_samples', tree))
      // Fewer than all: each tree has its own.
      const own = columns[k]?.array().numbers
      const whole = { ...listed, values }
      return own !== undefined && own.length < featureCount ? onColumns(whole, own, featureCount) : whole
    })
  const usual = trees.length * usualDepth(estimator.field('max_samples_').number())
  if (!(usual > 0)) throw notRead(estimator, context, 'of single rows')
  return {
    scores: classicForest({ trees, featureCount, outputCount: 1, divideBy: usual, scale: -1 }, context),
    transform: [{ kind: 'isolation', offset: estimator.field('offset_').number() }],
    label: { classes: [-1, 1], from: 'prediction', by: 'from', cut: 0 },
  }
}

/** A tree of some columns as one of the row that they are of; columns that are not there are out of its reach. */
export function onColumns(tree: ListedTree, columns: ArrayLike<number>, featureCount: number): ListedTree {
  return { ...tree, feature: Int32Array.from(tree.feature, (at) => (at < 0 ? at : (columns[at] ?? featureCount))) }
}

/** What the model says before its first tree: nothing, a constant, or the shares of the classes as scores. */
function startOf(estimator: InertObject, width: number, context: SkopsContext): Float64Array {
  const init = estimator.field('init_')
  if (init.className === 'str') return new Float64Array(width)
  if (init.className === 'DummyRegressor')
    return Float64Array.from({ length: width }, (_, k) => init.field('constant_').array().numbers[k] ?? Number.NaN)
  if (init.className !== 'DummyClassifier' || optionalField(init, 'strategy') !== 'prior')
    throw notRead(estimator, context, `with the estimator ${init.className} as init`)
  const eps = context.version < 104 ? 2 ** -23 : 2 ** -52
  const clipped = [...init.field('class_prior_').array().numbers].map((share) => Math.min(Math.max(share, eps), 1 - eps))
  if (width === 1) {
    const logit = context.version < 104 ? Math.log(clipped[1]! / (1 - clipped[1]!)) : logitOf(clipped[1]!)
    return Float64Array.of(estimator.field('loss').text() === 'exponential' ? 0.5 * logit : logit)
  }
  const logs = clipped.map(Math.log)
  const mean = context.version < 104 ? 1 : Math.exp(logs.reduce((sum, one) => sum + one, 0) / width)
  return Float64Array.from(clipped, (one) => Math.log(one / mean))
}

/** As SciPy has it: near one half by two log1p. */
function logitOf(p: number): number {
  if (p < 0.3 || p > 0.65) return Math.log(p / (1 - p))
  const s = 2 * (p - 0.5)
  return Math.log1p(s) - Math.log1p(-s)
}
