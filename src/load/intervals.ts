// Percentiles and means of latencies that follow each other, with 95 % intervals that know it: requests that wait in one queue are alike,
// and a run of a thousand may say as much as fifty independent ones. The run is cut into blocks in order of time; how much the blocks
// differ says how sure the whole is (batch means: G. S. Fishman, Principles of Discrete Event Simulation, 1978; for percentiles, of the
// share of requests below the value).
import { studentT } from '../measure/timing/student-t.ts'

export interface Interval {
  readonly low: number
  /** null: the run says nothing of how high it may be. */
  readonly high: number | null
}

const BLOCKS = 20
const LEAST_IN_BLOCK = 5
const Z95 = 1.96

/** Ascending copy; what never came (infinite) last. */
export const ascending = (values: Float64Array): Float64Array => values.slice().sort()

/** Nearest rank: the least value that at least this share does not exceed. Infinite where the share holds requests without an answer. */
export const nearestRank = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length - 1e-9) - 1))]!

/** `inOrder`: latencies in order of arrival, `sorted` the same ascending. null: too few for an interval. */
export function percentileInterval(inOrder: Float64Array, sorted: Float64Array, share: number): Interval | null {
  const value = nearestRank(sorted, share)
  const blocks = blockMeans(inOrder, (latency) => (latency <= value ? 1 : 0))
  const count = sorted.length
  const independent = Z95 * Math.sqrt((share * (1 - share)) / count)
  const half = Math.max(independent, blocks === null ? 0 : halfWidth(blocks))
  const low = nearestRank(sorted, Math.max(share - half, 1 / count))
  const above = share + half
  const high = above >= 1 ? null : nearestRank(sorted, above)
  return { low, high: high === null || !Number.isFinite(high) ? null : high }
}

/** Of the mean; null below five requests a block. */
export function meanInterval(inOrder: Float64Array): Interval | null {
  const blocks = blockMeans(inOrder, (latency) => latency)
  if (blocks === null) return null
  const mean = average(inOrder)
  const half = halfWidth(blocks)
  return { low: Math.max(0, mean - half), high: mean + half }
}

function blockMeans(values: Float64Array, of: (value: number) => number): number[] | null {
  const size = Math.floor(values.length / BLOCKS)
  if (size < LEAST_IN_BLOCK) return null
  return Array.from({ length: BLOCKS }, (_, block) => {
    let sum = 0
    for (let k = block * size; k < (block + 1) * size; k++) sum += of(values[k]!)
    return sum / size
  })
}

/** Of the mean of blocks. Neighbours that are alike (blocks too short for the queue) widen it, as a chain of the first order would be. */
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
  return studentT(95, blocks.length - 1) * Math.sqrt(variance / blocks.length)
}

/** NaN for none. */
export const average = (values: ArrayLike<number>): number => {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]!
  return sum / values.length
}
