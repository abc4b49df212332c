// Naive Bayes over counts, and over what is there or not: log-probabilities that add up are a linear model; over normal distributions they
// are one of squares. sklearn/naive_bayes.py
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

/** Each class sees every column by its own mean and deviation: half of the squares is what its log-probability loses. */
export function gaussianNaiveBayes(estimator: InertObject): Predictor {
  const { numbers: means, shape } = estimator.field('theta_').array()
  const [classes = 0, width = 0] = shape
  // Its name was sigma_ before 1.0.
  const variances = estimator.field(estimator.has('var_') ? 'var_' : 'sigma_').array().numbers
  const priors = estimator.field('class_prior_').array().numbers
  const featureCount = means.length
  if (width < 1 || classes * width !== featureCount || variances.length !== featureCount || priors.length !== classes)
    throw new InputError(`${estimator.where}: its means do not fit its classes; the file is damaged`)
  const weights = new Float64Array(classes * featureCount)
  for (let k = 0; k < classes; k++) weights.fill(-0.5, k * (featureCount + width), k * (featureCount + width) + width)
  const logs = variances.map((variance) => Math.log(2 * Math.PI * variance))
  const sumOf = (k: number) => logs.subarray(k * width, (k + 1) * width).reduce((sum, one) => sum + one, 0)
  return {
    prepare: [
      { kind: 'take', columns: Int32Array.from(means, (_, at) => at % width) },
      { kind: 'scale', form: 'subtract-divide', precision: 'float64', offset: means, factor: variances.map(Math.sqrt) },
      {
        kind: 'products',
        precision: 'float64',
        at: 0,
        inputs: featureCount,
        factors: Array.from(means, (_, at) => Int32Array.of(at, at)),
      },
    ],
    scores: {
      kind: 'linear',
      precision: 'float64',
      outputCount: classes,
      featureCount,
      weights,
      start: new Float64Array(classes),
      end: priors.map((prior, k) => Math.log(prior) - 0.5 * sumOf(k)),
      missing: 'missing',
    },
    transform: [SOFTMAX],
    label: { classes: classesOf(estimator), from: 'margin', by: 'largest', cut: 0 },
  }
}
