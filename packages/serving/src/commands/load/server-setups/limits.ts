// What the server that `fix --slo` ships refuses: requests that would be answered beyond the objective. A queue that is longer than what is
// answered in time, and no deadline, make every answer late once more come than are answered.
import { parseObjective } from '../../../load/objective.ts'
import type { ServingReport } from './types.ts'

/** What a server refuses, as its flags have it. */
export interface ServingLimits {
  /** Requests that may wait. */
  readonly queue?: number
  /** How long a request without a deadline of its own may wait. */
  readonly deadlineMs?: number
}

/**
 * The queue is as long as what is answered within the bound, less what is being predicted: ⌊(bound − service) · answers per second⌋, and two
 * batches for each worker at least. Empty if more may be late than may get no answer ('mean<5ms', 'p90<20ms'): a late one is still wanted there.
 */
export function servingLimits({ objective, best, tried }: ServingReport): ServingLimits {
  const { share, boundMs, mostErrors } = parseObjective(objective)
  const row = best === null ? undefined : tried[best]
  if (row === undefined || share === null || 1 - share > mostErrors + 1e-9) return {}
  const { workers, threads, maxBatch } = row
  // A delay is found by a search alone: what it answers at most is that of its twin without one.
  const alike = tried.filter((one) => one.workers === workers && one.threads === threads && one.maxBatch === maxBatch)
  const perSecond =
    alike.find(({ answersPerSecond }) => answersPerSecond !== null)?.answersPerSecond ?? row.found?.ratePerSecond ?? 0
  const inTime = Math.floor((perSecond * boundMs) / 1000) - workers * maxBatch
  return { queue: Math.max(2 * maxBatch * workers, inTime), deadlineMs: boundMs }
}
