// How many requests a percentile takes: MLPerf LoadGen's early stopping,
// https://github.com/mlcommons/inference/blob/master/loadgen/early_stopping.cc (confidence 0.99, tolerance 0). It takes requests for
// independent; those that share a queue are not, and `intervals.ts` sees to that.

const CONFIDENCE = 0.99

/**
 * Requests over the bound that a run of `count` may have, so that with 99 % confidence no more than 1 - `share` of all are over it;
 * -1: not even none.
 */
export function overBudget(share: number, count: number): number {
  // P(at most t of count are over) where exactly 1 - share are; terms by logarithm, which do not vanish.
  const above = 1 - share
  let log = count * Math.log1p(-above)
  let atMost = Math.exp(log)
  let t = 0
  for (; atMost <= 1 - CONFIDENCE && t <= count; t++) {
    log += Math.log(((count - t) / (t + 1)) * (above / (1 - above)))
    atMost += Math.exp(log)
  }
  return t - 1
}

const leasts = new Map<number, number>()

/** Requests from which a percentile is named: 11 for the p50, 64, 130, 662 and 6636 for p90, p95, p99 and p99.9. */
export function leastRequests(share: number): number {
  const known = leasts.get(share)
  if (known !== undefined) return known
  let count = 1
  while (overBudget(share, count) < 1) count++
  leasts.set(share, count)
  return count
}
