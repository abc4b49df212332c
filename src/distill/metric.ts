// How good predictions are on labelled rows: one number, larger is better.

export type MetricName = 'AUC' | 'accuracy' | 'R²'

/** The share of pairs of a row of class 1 and one of class 0 that the scores put in order; ties count half. NaN without one of each. */
export function auc(scores: ArrayLike<number>, labels: ArrayLike<number>): number {
  const order = Array.from({ length: labels.length }, (_, r) => r).sort((a, b) => scores[a]! - scores[b]!)
  let [positives, rankSum] = [0, 0]
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && scores[order[to]!] === scores[order[from]!]) to++
    const rank = (from + 1 + to) / 2
    for (let k = from; k < to; k++) {
      if (labels[order[k]!] !== 1) continue
      positives++
      rankSum += rank
    }
    from = to
  }
  const negatives = order.length - positives
  return positives === 0 || negatives === 0 ? Number.NaN : (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
}

export function accuracy(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  let right = 0
  for (let r = 0; r < labels.length; r++) if (predicted[r] === labels[r]) right++
  return right / labels.length
}

/** 1 − squared error over the labels' variance. */
export function rSquared(predicted: ArrayLike<number>, labels: ArrayLike<number>): number {
  const mean = Array.from(labels).reduce((sum, value) => sum + value, 0) / labels.length
  let [error, variance] = [0, 0]
  for (let r = 0; r < labels.length; r++) {
    error += (predicted[r]! - labels[r]!) ** 2
    variance += (labels[r]! - mean) ** 2
  }
  return variance === 0 ? Number.NaN : 1 - error / variance
}
