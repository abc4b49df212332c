// How good predictions are on labelled rows: one number, larger is better.

import type { TabularModel } from './types.ts'

export type MetricName = 'AUC' | 'accuracy' | 'R²'

/** The AUC where there are two classes and one score, accuracy where there are more, R² of values. */
export function metricUnder({ label, scores, transform }: TabularModel, labels: Float64Array): MetricName {
  const isBinary = labels.every((value) => value === 0 || value === 1)
  // Of probabilities that no class is told by, labels between 0 and 1 are values.
  if (label === undefined) return isBinary && transform[0]?.kind === 'logistic' ? 'AUC' : 'R²'
  return isBinary && scores.outputCount <= 2 ? 'AUC' : 'accuracy'
}

/** What is known of rows apart from their scores: their order by ascending score, and how often each counts (once if it is absent). */
interface Counted {
  readonly order?: Int32Array
  readonly weights?: Float64Array
}

/** The share of pairs of a row of class 1 and one of class 0 that the scores put in order; ties count half. NaN without one of each. */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>, { order: given, weights }: Counted = {}): number {
  const order = given ?? Int32Array.from({ length: labels.length }, (_, r) => r).sort((a, b) => scores[a]! - scores[b]!)
  let [positives, negatives, inOrder] = [0, 0, 0]
  for (let from = 0; from < order.length; ) {
    const score = scores[order[from]!]
    let [positive, negative] = [0, 0]
    for (; from < order.length && scores[order[from]!] === score; from++) {
      const weight = weights === undefined ? 1 : weights[order[from]!]!
      if (labels[order[from]!] === 1) positive += weight
      else negative += weight
    }
    inOrder += positive * (negatives + negative / 2)
    positives += positive
    negatives += negative
  }
  return positives === 0 || negatives === 0 ? Number.NaN : inOrder / (positives * negatives)
}

export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>, weights?: Float64Array): number {
  let [right, all] = [0, 0]
  for (let r = 0; r < labels.length; r++) {
    const weight = weights === undefined ? 1 : weights[r]!
    all += weight
    if (predicted[r] === labels[r]) right += weight
  }
  return right / all
}

/** 1 − squared error over the labels' variance. */
export function rSquared(predicted: ArrayLike<number>, labels: ArrayLike<number>, weights?: Float64Array): number {
  let [all, total] = [0, 0]
  for (let r = 0; r < labels.length; r++) {
    const weight = weights === undefined ? 1 : weights[r]!
    all += weight
    total += weight * labels[r]!
  }
  let [error, variance] = [0, 0]
  for (let r = 0; r < labels.length; r++) {
    const weight = weights === undefined ? 1 : weights[r]!
    error += weight * (predicted[r]! - labels[r]!) ** 2
    variance += weight * (labels[r]! - total / all) ** 2
  }
  return variance === 0 ? Number.NaN : 1 - error / variance
}
