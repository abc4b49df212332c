// Intervals, 95 % unless a level is given: of a p50 over processes, of a percentile or a mean of samples that follow each other, and of a
// ratio over pairs.
import { average, median, percentileOf, sortAscending, type Values } from './order.ts'
import { studentT } from './student-t.ts'

/** The level of an interval that is shown, percent. */
export const INTERVAL_LEVEL = 95
/** Quantile of the normal distribution, two-sided 95 %. */
const Z95 = 1.96

export interface Interval {
  readonly low: number
  readonly high: number
}

/**
 * Interval of the centre of few positive values (one per process, or one ratio per pair), by Student's t on their logarithms, widened if
 * needed to hold their median. One value alone has no interval: it is returned as both ends.
 */
export function logInterval(values: readonly number[], percent = INTERVAL_LEVEL): Interval {
  const centre = median(values)
  if (values.length < 2) return { low: centre, high: centre }
  const logs = values.map(Math.log)
  const mean = average(logs)
  const variance = logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (logs.length - 1)
  const half = studentT(percent, logs.length - 1) * Math.sqrt(variance / logs.length)
  return { low: Math.min(centre, Math.exp(mean - half)), high: Math.max(centre, Math.exp(mean + half)) }
}

/** Number of values from which Student's t on their logarithms is narrower than their range and still holds. */
const MANY_PROCESSES = 6

/**
 * Interval of the p50 over processes. Up to five values it is their range, which holds the median of all processes with 1 - 2^(1-n)
 * probability (94 % at five, 75 % at three) whatever their distribution; beyond, see `logInterval`.
 */
export function processInterval(values: readonly number[]): Interval {
  if (values.length >= MANY_PROCESSES) return logInterval(values)
  return { low: Math.min(...values), high: Math.max(...values) }
}

/** Interval of the p50 of several processes, or of one. */
export const p50Interval = (blocks: readonly { readonly p50Ms: number; readonly samplesMs: readonly number[] }[]): Interval =>
  blocks.length === 1 ? sampleInterval(blocks[0]!.samplesMs) : processInterval(blocks.map(({ p50Ms }) => p50Ms))

/** Interval of the p50 of one process. Drift within the process widens it; differences between processes are not in it. */
function sampleInterval(samples: readonly number[]): Interval {
  const sorted = sortAscending(samples)
  const whole = { low: sorted[0]!, high: sorted.at(-1)! }
  if (samples.length < LEAST_BLOCKS * LEAST_IN_BLOCK) return whole
  const { low, high } = percentileInterval(samples, sorted, 0.5)
  return { low, high: high ?? whole.high }
}

/** As `Interval`; `high` is null if the samples do not say how high it may be. */
export interface OpenInterval {
  readonly low: number
  readonly high: number | null
}

// Samples of one process, or requests that wait in one queue, are alike, and a thousand may say as much as fifty independent ones. They are
// cut into blocks in order of time; how much the blocks differ says how sure the whole is (batch means: G. S. Fishman, Principles of
// Discrete Event Simulation, 1978; for percentiles, of the share of samples below the value).
const MOST_BLOCKS = 20
const LEAST_BLOCKS = 10
const LEAST_IN_BLOCK = 5

/** `inOrder`: samples in order of time, `sorted` the same ascending. */
export function percentileInterval(inOrder: Values, sorted: Values, share: number): OpenInterval {
  const value = percentileOf(sorted, share)
  const blocks = blockMeans(inOrder, (sample) => (sample <= value ? 1 : 0))
  const count = sorted.length
  const independent = Z95 * Math.sqrt((share * (1 - share)) / count)
  const half = Math.max(independent, blocks === null ? 0 : halfWidth(blocks))
  const at = (rank: number) => sorted[Math.min(count, Math.max(1, Math.ceil(rank * count - 1e-9))) - 1]!
  const high = share + half >= 1 ? Number.POSITIVE_INFINITY : at(share + half)
  return { low: at(share - half), high: Number.isFinite(high) ? high : null }
}

/** Interval of the mean; null if there are too few samples for blocks. */
export function meanInterval(inOrder: Values): Interval | null {
  const blocks = blockMeans(inOrder, (sample) => sample)
  if (blocks === null) return null
  const mean = average(inOrder)
  const half = halfWidth(blocks)
  return { low: Math.max(0, mean - half), high: mean + half }
}

function blockMeans(values: Values, of: (value: number) => number): number[] | null {
  const blocks = Math.min(MOST_BLOCKS, Math.floor(values.length / LEAST_IN_BLOCK))
  if (blocks < LEAST_BLOCKS) return null
  const size = Math.floor(values.length / blocks)
  return Array.from({ length: blocks }, (_, block) => {
    let sum = 0
    for (let k = block * size; k < (block + 1) * size; k++) sum += of(values[k]!)
    return sum / size
  })
}

/**
 * Half width of the interval of the mean of blocks. Neighbours that are alike (blocks too short for the queue) widen it, as a chain of the first
 * order would be.
 */
function halfWidth(blocks: readonly number[]): number {
  const mean = average(blocks)
  let square = 0
  let product = 0
  for (const [k, block] of blocks.entries()) {
    square += (block - mean) ** 2
    if (k > 0) product += (block - mean) * (blocks[k - 1]! - mean)
  }
  const alike = square === 0 ? 0 : Math.min(0.8, Math.max(0, product / square))
  const variance = (square / (blocks.length - 1)) * ((1 + alike) / (1 - alike))
  return studentT(INTERVAL_LEVEL, blocks.length - 1) * Math.sqrt(variance / blocks.length)
}

/** Half width of the 95 % interval of the median of many samples relative to it, as if they were independent: how long to sample goes by it. */
export function medianHalfWidth(values: readonly number[]): number {
  if (values.length < 10) return Number.POSITIVE_INFINITY
  const s = sortAscending(values)
  const reach = (Z95 * Math.sqrt(s.length)) / 2
  const low = s[Math.max(0, Math.floor(s.length / 2 - reach))]!
  const high = s[Math.min(s.length - 1, Math.ceil(s.length / 2 + reach))]!
  return (high - low) / 2 / s[s.length >> 1]!
}
