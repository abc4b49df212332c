// Order statistics and intervals of samples. Percentiles only where the sample count supports them, as MLPerf LoadGen's early
// stopping does: https://github.com/mlcommons/inference/blob/master/loadgen/early_stopping.cc
import { studentT } from './student-t.ts'

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)

/** Middle value; mean of the two middle ones for an even count. NaN for none. */
export function median(values: readonly number[]): number {
  const s = sorted(values)
  const middle = s.length >> 1
  if (s.length === 0) return Number.NaN
  return s.length % 2 ? s[middle]! : (s[middle - 1]! + s[middle]!) / 2
}

/** Between the two values around it in proportion (Hyndman and Fan 1996, type 7), so that two, three and four samples say the same. */
export function lowerQuartile(values: readonly number[]): number {
  const s = sorted(values)
  if (s.length === 0) return Number.NaN
  const at = (s.length - 1) / 4
  const below = Math.floor(at)
  return s[below]! + (at - below) * (s[Math.ceil(at)]! - s[below]!)
}

/** Samples needed before a percentile may be named (99 % confidence that it is not exceeded; binomial). */
const SAMPLES_FOR: Readonly<Record<number, number>> = { 0.9: 64, 0.95: 130, 0.99: 662, 0.999: 6636 }

/** That the percentile lies above what is given for it. */
const EXCEEDED = 0.01

/**
 * What the percentile does not exceed with 99 % confidence, as far as samples are independent: an order statistic above the nearest rank.
 * null where there are too few samples to name it.
 */
export function percentile(values: readonly number[], p: 0.9 | 0.95 | 0.99 | 0.999): number | null {
  if (values.length < SAMPLES_FOR[p]!) return null
  return sorted(values)[values.length - 1 - largestLeftOut(values.length, 1 - p)]!
}

/** As many of the largest samples as lie above the percentile in all but 1 % of cases (binomial; terms by logarithm, which do not vanish). */
function largestLeftOut(count: number, above: number): number {
  let log = count * Math.log1p(-above)
  let below = Math.exp(log)
  let left = 0
  for (; below <= EXCEEDED; left++) {
    log += Math.log(((count - left) / (left + 1)) * (above / (1 - above)))
    below += Math.exp(log)
  }
  return left - 1
}

/** Mean of the middle half: robust as a median, and not bound to whole microseconds as a median of rounded times is. */
export function midmean(values: readonly number[]): number {
  const s = sorted(values)
  const cut = Math.floor(s.length / 4)
  const kept = s.slice(cut, s.length - cut)
  return kept.reduce((sum, v) => sum + v, 0) / kept.length
}

/** Of positive values, as ratios are. NaN for none. */
export const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)

/** Of the normal distribution, two-sided 95 %. */
const Z95 = 1.96

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * 95 % interval (or another) of the centre of few positive values (one per process, or one ratio per pair), by Student's t on their
 * logarithms, widened where needed to hold their median. One value alone has no interval: it is returned as both ends.
 */
export function logInterval(values: readonly number[], percent = 95): Interval {
  const centre = median(values)
  if (values.length < 2) return { low: centre, high: centre }
  const logs = values.map(Math.log)
  const mean = logs.reduce((a, b) => a + b, 0) / logs.length
  const variance = logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (logs.length - 1)
  const half = studentT(percent, logs.length - 1) * Math.sqrt(variance / logs.length)
  return { low: Math.min(centre, Math.exp(mean - half)), high: Math.max(centre, Math.exp(mean + half)) }
}

export interface RatioInterval {
  /** Median, with its interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

/** Of ratios that were taken pair by pair, or round by round. */
export function ratioOver(ratios: readonly number[], percent = 95): RatioInterval {
  const { low, high } = logInterval(ratios, percent)
  return { ratio: median(ratios), ratioLow: low, ratioHigh: high }
}

/** Below so many, what is cut off costs more certainty than wild values do. */
const LEAST_TRIMMED = 6
const TRIMMED_SHARE = 0.2

/**
 * As `ratioOver`, of rounds some of which others disturbed: from six on the interval is Student's t of the logarithms' trimmed mean (Yuen 1974:
 * a fifth cut off at either end, the variance of what is moved to the cuts), which one wild round in six hardly widens. Where none is wild it is a tenth to a fifth wider.
 */
export function ratioOverRounds(ratios: readonly number[], percent = 95): RatioInterval {
  const n = ratios.length
  if (n < LEAST_TRIMMED) return ratioOver(ratios, percent)
  const logs = sorted(ratios.map(Math.log))
  const cut = Math.floor(TRIMMED_SHARE * n)
  const kept = logs.slice(cut, n - cut)
  const mean = kept.reduce((sum, log) => sum + log, 0) / kept.length
  const moved = logs.map((log) => Math.min(kept.at(-1)!, Math.max(kept[0]!, log)))
  const centre = moved.reduce((sum, log) => sum + log, 0) / n
  const squares = moved.reduce((sum, log) => sum + (log - centre) ** 2, 0)
  const half = studentT(percent, kept.length - 1) * Math.sqrt(squares / (kept.length * (kept.length - 1)))
  const ratio = median(ratios)
  return { ratio, ratioLow: Math.min(ratio, Math.exp(mean - half)), ratioHigh: Math.max(ratio, Math.exp(mean + half)) }
}

/**
 * Interval of the median by order statistics, whatever the distribution: the narrowest pair of ranks from both ends that holds it with at
 * least so much certainty (binomial). Of 12 values it is the range of all but the two outermost at 99 %, so that one wild value on either
 * side moves nothing. null where so few values allow none: below 6 at 95 %, below 8 at 99 %.
 */
export function medianInterval(values: readonly number[], percent = 95): Interval | null {
  const s = sorted(values)
  const n = s.length
  let left = (100 - percent) / 100 / 2
  let rank = 0
  for (let term = 0.5 ** n; term <= left && rank < n >> 1; rank++) {
    left -= term
    term *= (n - rank) / (rank + 1)
  }
  return rank === 0 ? null : { low: s[rank - 1]!, high: s[n - rank]! }
}

/** From this many values on, Student's t on their logarithms is narrower than their range and still holds. */
const MANY_PROCESSES = 6

/**
 * Interval of the p50 over processes. Up to five values it is their range, which holds the median of all processes with 1 - 2^(1-n)
 * probability (94 % at five, 75 % at three) whatever their distribution; beyond, see `logInterval`.
 */
export function processInterval(values: readonly number[]): Interval {
  if (values.length >= MANY_PROCESSES) return logInterval(values)
  return { low: Math.min(...values), high: Math.max(...values) }
}

/** Samples of one process follow each other: so many batches of at least so many, in order of time, do less. */
const BATCHES = 10
const LEAST_IN_BATCH = 5

/**
 * Interval of the p50 of one process alone, from the medians of batches of its samples (batch means): what drifts within the process is in
 * it, what differs between processes is not. The samples' whole range where they are too few for batches.
 */
export function batchInterval(samples: readonly number[]): Interval {
  const size = Math.floor(samples.length / BATCHES)
  if (size < LEAST_IN_BATCH) return { low: Math.min(...samples), high: Math.max(...samples) }
  const batches = Array.from({ length: BATCHES }, (_, k) =>
    median(samples.slice(k * size, k === BATCHES - 1 ? undefined : (k + 1) * size)),
  )
  const { low, high } = logInterval(batches)
  const centre = median(samples)
  return { low: Math.min(low, centre), high: Math.max(high, centre) }
}

/** Of the p50 that blocks of several processes, or of one, tell. */
export const p50Interval = (blocks: readonly { readonly p50Ms: number; readonly samplesMs: readonly number[] }[]): Interval =>
  blocks.length === 1 ? batchInterval(blocks[0]!.samplesMs) : processInterval(blocks.map(({ p50Ms }) => p50Ms))

/** Half width of the 95 % interval of the median of many samples relative to it, by order statistics (normal approximation). */
export function medianHalfWidth(values: readonly number[]): number {
  if (values.length < 10) return Number.POSITIVE_INFINITY
  const s = sorted(values)
  const reach = (Z95 * Math.sqrt(s.length)) / 2
  const low = s[Math.max(0, Math.floor(s.length / 2 - reach))]!
  const high = s[Math.min(s.length - 1, Math.ceil(s.length / 2 + reach))]!
  return (high - low) / 2 / s[s.length >> 1]!
}

/** Weighted least squares of y = fixed + perUnit * x with weights 1/y², so that relative errors count. undefined below three points. */
export function fitLine(
  points: readonly { readonly x: number; readonly y: number }[],
): { fixed: number; perUnit: number } | undefined {
  if (points.length < 3) return undefined
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0]
  for (const { x, y } of points) {
    const weight = 1 / (y * y)
    w += weight
    wx += weight * x
    wy += weight * y
    wxx += weight * x * x
    wxy += weight * x * y
  }
  const determinant = w * wxx - wx * wx
  if (determinant === 0) return undefined
  const perUnit = (w * wxy - wx * wy) / determinant
  return { fixed: (wy - perUnit * wx) / w, perUnit }
}
