// Naive Bayes over counts and over what is there or not: log-probabilities that add up are a linear model. sklearn/naive_bayes.py
import type { LinearScores } from '@whyslow/graph/forest/types.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { SOFTMAX } from '../tabular/transforms.ts'
import { classesOf, optionalField, type Predictor } from './context.ts'
import type { InertObject } from './inert.ts'

interface Sums {
  /** Classes × features. */
  readonly weights: Float64Array
  /** One a class. */
  readonly end: Float64Array
}

/** What each occurrence of a feature says of a class. */
export function multinomialNaiveBayes(estimator: InertObject): Predictor {
  const { numbers } = estimator.field('feature_log_prob_').array()
  return predictorOf(estimator, { weights: numbers, end: priorsOf(estimator) })
}

/** The features of all other classes speak against a class, and how frequent it is does not count. */
export function complementNaiveBayes(estimator: InertObject): Predictor {
  const { numbers } = estimator.field('feature_log_prob_').array()
  return predictorOf(estimator, { weights: numbers, end: new Float64Array(priorsOf(estimator).length) })
}

/** A feature that is not there speaks against a class, too. */
export function bernoulliNaiveBayes(estimator: InertObject): Predictor {
  const { numbers, shape } = estimator.field('feature_log_prob_').array()
  const width = shape[1] ?? 0
  const absent = Float64Array.from(numbers, (one) => Math.log1p(-Math.exp(one)))
  const predictor = predictorOf(estimator, {
    weights: Float64Array.from(numbers, (one, k) => one - absent[k]!),
    end: Float64Array.from(priorsOf(estimator), (prior, k) =>
      absent.subarray(k * width, (k + 1) * width).reduce((sum, one) => sum + one, prior),
    ),
  })
  const threshold = optionalField(estimator, 'binarize')
  if (typeof threshold !== 'number') return predictor
  return { ...predictor, prepare: [{ kind: 'binarize', thresholds: new Float64Array(width).fill(threshold) }] }
}

const priorsOf = (estimator: InertObject): Float64Array => estimator.field('class_log_prior_').array().numbers

function predictorOf(estimator: InertObject, { weights, end }: Sums): Predictor {
  const [outputCount = 0, featureCount = 0] = estimator.field('feature_log_prob_').array().shape
  if (outputCount < 1 || featureCount < 1 || end.length !== outputCount)
    throw new InputError(`${estimator.where}: its probabilities do not fit its classes; the file is damaged`)
  const start = new Float64Array(outputCount)
  const scores: LinearScores = {
    kind: 'linear',
    precision: 'float64',
    outputCount,
    featureCount,
    weights,
    start,
    end,
    missing: 'missing',
  }
  return { scores, transform: [SOFTMAX], label: { classes: classesOf(estimator), from: 'margin', by: 'largest', cut: 0 } }
}
