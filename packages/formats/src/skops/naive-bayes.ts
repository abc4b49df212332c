// Naive Bayes over counts, and over what is there or not: log-probabilities that add up are a linear model. sklearn/naive_bayes.py
import { InputError } from '@whyslow/graph/input-error.ts'
import { SOFTMAX } from '../tabular/transforms.ts'
import { classesOf, optionalField, type Predictor } from './context.ts'
import type { InertObject } from './inert.ts'

export function naiveBayes(estimator: InertObject): Predictor {
  const { numbers, shape } = estimator.field('feature_log_prob_').array()
  const [outputCount = 0, featureCount = 0] = shape
  const priors = estimator.field('class_log_prior_').array().numbers
  if (featureCount < 1 || priors.length !== outputCount)
    throw new InputError(`${estimator.where}: its probabilities do not fit its classes; the file is damaged`)
  // A feature that is absent speaks, too. How frequent a class is does not count in the complement.
  const isBernoulli = estimator.className === 'BernoulliNB'
  const absent = numbers.map((one) => (isBernoulli ? Math.log1p(-Math.exp(one)) : 0))
  const weights = numbers.map((one, k) => one - absent[k]!)
  const before = estimator.className === 'ComplementNB' ? new Float64Array(outputCount) : priors
  const sumOf = (k: number) => absent.subarray(k * featureCount, (k + 1) * featureCount).reduce((sum, one) => sum + one, 0)
  const end = before.map((prior, k) => prior + sumOf(k))
  const threshold = isBernoulli ? optionalField(estimator, 'binarize') : null
  const start = new Float64Array(outputCount)
  return {
    scores: { kind: 'linear', precision: 'float64', outputCount, featureCount, weights, start, end, missing: 'missing' },
    transform: [SOFTMAX],
    label: { classes: classesOf(estimator), from: 'margin', by: 'largest', cut: 0 },
    ...(typeof threshold === 'number' && {
      prepare: [{ kind: 'binarize', thresholds: new Float64Array(featureCount).fill(threshold) }],
    }),
  }
}
