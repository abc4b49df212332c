// HistGradientBoosting: everything double, categories by bits, and columns that its own preprocessor moved to the front.
// sklearn/ensemble/_hist_gradient_boosting/_predictor.pyx, gradient_boosting.py
import { assembleForest, type ListedTree, plainSum } from '@whyslow/graph/forest/assemble.ts'
import { FLAG, type Preparation, TEST, type Transform } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { SetWriter } from '../tabular/set-writer.ts'
import { EXP, logistic, PAIR, SOFTMAX } from '../tabular/transforms.ts'
import { classesOf, type Predictor, type SkopsContext } from './context.ts'
import type { InertObject } from './inert.ts'
import { transform } from './transformers.ts'
import { fieldOf } from './trees.ts'

/** Categories are at most 255: 8 words of bits. */
const SET_WORDS = 8
const CATEGORIES_END = 256

export function histGradientBoosting(estimator: InertObject, context: SkopsContext): Predictor {
  const isClassifier = estimator.className.endsWith('Classifier')
  const classes = isClassifier ? classesOf(estimator) : undefined
  const width = classes === undefined || classes.length === 2 ? 1 : classes.length
  const featureCount = estimator.field('n_features_in_').number()
  const sets = new SetWriter()
  const known = knownSets(estimator, featureCount, sets)
  const trees: ListedTree[] = []
  for (const row of estimator.field('_predictors').items())
    for (const [target, tree] of row.items().entries()) trees.push(listedTree(tree, target, sets))
  const scores = assembleForest(
    {
      trees,
      compare: 'float64',
      featureCount,
      outputCount: width,
      sum: plainSum('float64', width, { start: baselineOf(estimator, width) }),
      categories: 'scikit-learn',
      sets: { ...sets.sets(), known },
    },
    context.file,
  )
  const prepare = preparationOf(estimator, featureCount, context)
  const transform = transformOf(estimator, classes?.length, width)
  if (classes === undefined) return { scores, transform, prepare }
  return { scores, transform, prepare, label: { classes, from: 'margin', by: width === 1 ? 'above' : 'largest', cut: 0 } }
}

function baselineOf(estimator: InertObject, width: number): Float64Array {
  const baseline = estimator.field('_baseline_prediction')
  const numbers = baseline.isArray() ? baseline.array().numbers : Float64Array.of(baseline.number())
  return Float64Array.from({ length: width }, (_, k) => numbers[numbers.length === 1 ? 0 : k] ?? Number.NaN)
}

function transformOf(estimator: InertObject, classes: number | undefined, width: number): Transform[] {
  if (classes !== undefined) return width > 1 ? [SOFTMAX] : [logistic(), PAIR]
  const loss = estimator.field('loss').text()
  return loss === 'poisson' || loss === 'gamma' ? [EXP] : []
}

/** Since 1.4 categorical columns come first, as places in their lists; nodes speak of that order. */
function preparationOf(estimator: InertObject, featureCount: number, context: SkopsContext): readonly Preparation[] {
  if (!estimator.has('_preprocessor')) return []
  return transform(estimator.field('_preprocessor'), { width: featureCount }, { ...context, ownFunctions: true }).steps
}

/** The set of all categories that each feature had in training, indexed by feature. */
function knownSets(estimator: InertObject, featureCount: number, sets: SetWriter): Int32Array {
  const known = new Int32Array(featureCount).fill(-1)
  const mapper = estimator.field('_bin_mapper')
  const categorical = mapper.has('is_categorical_')
    ? mapper.field('is_categorical_').array().numbers
    : new Float64Array(featureCount)
  const thresholds = mapper.field('bin_thresholds_').items()
  for (let feature = 0; feature < featureCount; feature++) {
    const own = thresholds[feature]
    if (!categorical[feature] || own === undefined) continue
    known[feature] = sets.add(
      own.array().numbers.filter((one) => !Number.isNaN(one)),
      CATEGORIES_END,
      own.where,
    )
  }
  return known
}

function listedTree(tree: InertObject, target: number, sets: SetWriter): ListedTree {
  const nodes = tree.field('nodes').array()
  const column = (name: string) => fieldOf(nodes, name, tree)
  const [isLeaf, value] = [column('is_leaf'), column('value')]
  const [feature, missing] = [column('feature_idx'), column('missing_go_to_left')]
  const threshold = nodes.fields?.get('num_threshold') ?? column('threshold')
  const count = value.length
  const isCategorical = nodes.fields?.get('is_categorical') ?? new Float64Array(count)
  const bitset = nodes.fields?.get('bitset_idx') ?? new Float64Array(count)
  const words = tree.has('raw_left_cat_bitsets') ? tree.field('raw_left_cat_bitsets').array().numbers : new Float64Array(0)
  const setOf = (index: number): number => {
    const own = words.subarray(index * SET_WORDS, (index + 1) * SET_WORDS)
    if (own.length !== SET_WORDS)
      throw new InputError(`${tree.where}: a node asks for a set of categories that is not there; the file is damaged`)
    return sets.addWords(Uint32Array.from(own), tree.where)
  }
  return {
    target,
    width: 1,
    feature: Int32Array.from(feature, (one, node) => (isLeaf[node] ? -1 : one >= 0 ? Math.min(one, 2 ** 31 - 1) : 2 ** 31 - 1)),
    threshold: Float64Array.from(threshold, (one, node) => (isLeaf[node] ? 0 : isCategorical[node] ? setOf(bitset[node]!) : one)),
    yes: column('left'),
    no: column('right'),
    flags: Uint8Array.from(
      value,
      (_, node) => (isCategorical[node] ? TEST.member : TEST.lessOrEqual) | (missing[node] ? FLAG.missingIsYes : 0),
    ),
    leafAt: Int32Array.from(value, (_, node) => node),
    values: value,
  }
}
