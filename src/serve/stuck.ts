// When a prediction is taken to hang: long after the slowest that this server has seen.

/** Of the latest predictions so many are looked at. */
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
      const sorted = times.toSorted((a, b) => a - b)
      const p99 = sorted[Math.floor(0.99 * sorted.length)] ?? 0
      return Math.max(leastMs, MOST_OF_P99 * p99)
    },
  }
}
