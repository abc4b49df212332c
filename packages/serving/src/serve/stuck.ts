// When a prediction is taken to hang: long after the slowest that this server has seen.
import { percentileOf, sortAscending } from '@whyslow/measure/statistics/index.ts'

/** How many of the latest predictions are examined. */
const KEPT = 1000
const MOST_OF_P99 = 100

export interface PredictionTimes {
  add(ms: number): void
  /** Longer than this none takes that still works. `leastMs`: whatever was seen. */
  limitMs(leastMs: number): number
}

export function createPredictionTimes(): PredictionTimes {
  const times: number[] = []
  let next = 0
  return {
    add(ms) {
      times[next] = ms
      next = (next + 1) % KEPT
    },
    limitMs(leastMs) {
      if (times.length === 0) return leastMs
      return Math.max(leastMs, MOST_OF_P99 * percentileOf(sortAscending(times), 0.99))
    },
  }
}
