// Which percentiles samples support, and how high they may be: MLPerf LoadGen's early stopping,
// https://github.com/mlcommons/inference/blob/master/loadgen/early_stopping.cc (confidence 0.99, tolerance 0). It takes samples for
// independent. Requests that share a queue are not, and `percentileInterval` allows for that.
import { percentileOf, sortAscending, type Values } from './order.ts'

const CONFIDENCE = 0.99

/**
 * Samples over a bound that a run of `count` may have, so that with 99 % confidence no more than 1 - `share` of all are over it;
 * -1: not even none.
 */
export function overBudget(share: number, count: number): number {
  // P(at most t of count are over) if exactly 1 - share are; terms by logarithm, which do not vanish.
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

/** Samples from which a percentile is given: 11 for the p50, 64, 130, 662 and 6636 for p90, p95, p99 and p99.9. */
export function leastSamples(share: number): number {
  const known = leasts.get(share)
  if (known !== undefined) return known
  let count = 1
  while (overBudget(share, count) < 1) count++
  leasts.set(share, count)
  return count
}

/** The tail of a sample: estimates (`percentileOf`), and what each does not exceed with 99 % confidence. null: too few samples. */
export interface Tail {
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
  readonly p90UpperMs: number | null
  readonly p95UpperMs: number | null
  readonly p99UpperMs: number | null
}

export function tailOf(samplesMs: Values): Tail {
  const sorted = sortAscending(samplesMs)
  const count = sorted.length
  const given = (share: number, of: () => number): number | null => (count < leastSamples(share) ? null : of())
  const estimate = (share: number) => given(share, () => percentileOf(sorted, share))
  const upper = (share: number) => given(share, () => sorted[count - 1 - overBudget(share, count)]!)
  return {
    p90Ms: estimate(0.9),
    p95Ms: estimate(0.95),
    p99Ms: estimate(0.99),
    p90UpperMs: upper(0.9),
    p95UpperMs: upper(0.95),
    p99UpperMs: upper(0.99),
  }
}
