// What queueing theory says of a run, from two numbers that were measured in it: how long a worker is held by a prediction, and how much
// that varies. Next to it is what was measured: where they differ, the queue is not one, or something else waits.
//   G/G/k: A. O. Allen and J. A. Cunneen, wait = C(k, ρ) / (k (1 - ρ)) · (ca² + cs²) / 2 · S, exact for M/M/k and M/G/1.
//   Batches, one server that takes all that wait, cost(b) = αb + τ: Y. Inoue, Queueing analysis of GPU-based inference servers with dynamic
//   batching, Performance Evaluation 147 (2021), https://arxiv.org/abs/1912.06322: a bound of the mean that simulations reach within 3 %
//   but for the lowest loads.
import type { LoadArrivals, LoadPoint, LoadSetup, LoadTheory } from '@whyslow/report/documents/load.ts'
import { partOf } from './facts.ts'

/** Share of arrivals that find all workers busy: Erlang's C. */
export function erlangC(workers: number, utilisation: number): number {
  const load = workers * utilisation
  let [sum, term] = [0, 1]
  for (let k = 0; k < workers; k++) {
    sum += term
    term *= load / (k + 1)
  }
  const tail = term / (1 - utilisation)
  return tail / (sum + tail)
}

export interface QueueNumbers {
  readonly workers: number
  readonly ratePerSecond: number
  /** Mean, under this load. */
  readonly serviceMs: number
  /** Squared coefficients of variation: of the gaps between arrivals, and of the service. */
  readonly arrivals: number
  readonly service: number
}

/** Mean time in the queue, ms; null if the workers cannot keep up. */
export function meanWaitMs({ workers, ratePerSecond, serviceMs, arrivals, service }: QueueNumbers): number | null {
  const utilisation = (ratePerSecond * serviceMs) / 1000 / workers
  if (utilisation >= 1) return null
  return ((erlangC(workers, utilisation) * (arrivals + service)) / 2) * (serviceMs / (workers * (1 - utilisation)))
}

/** Mean time of a request in the queue and in its batch, ms; null if the worker cannot keep up. Times in ms, the rate in 1/ms. */
export function meanBatchedMs(
  perMs: number,
  { perRowMs: a, fixedMs: t }: { readonly perRowMs: number; readonly fixedMs: number },
): number | null {
  const busy = perMs * a
  if (busy >= 1) return null
  const few = ((a + t) / (2 * (1 - busy))) * (1 + 2 * perMs * t + (1 - perMs * t) / (1 + busy))
  const many = (3 * t) / (2 * (1 - busy)) + ((a / 2) * (2 + busy)) / (1 - busy ** 2)
  return Math.min(few, many)
}

/** null: the arrivals or the server are not of a kind that a formula is for, or the server does not keep up. */
export function theoryOf(point: LoadPoint, setup: LoadSetup, { burstiness }: LoadArrivals): LoadTheory | null {
  const [queue, handOver, compute] = ['queue', 'hand-over', 'compute'].map((name) => partOf(point, name))
  if (queue == null || handOver == null || compute == null || point.offeredPerSecond === null) return null
  if (burstiness === null || point.saturated) return null
  const serviceMs = handOver.meanMs + compute.meanMs
  const service = (compute.variation * compute.meanMs ** 2 + handOver.variation * handOver.meanMs ** 2) / serviceMs ** 2
  const { workers } = setup
  const ratePerSecond = point.offeredPerSecond
  const meanTogether = point.server?.meanTogether ?? 1
  const utilisation = (ratePerSecond * serviceMs) / 1000 / meanTogether / workers
  const known = { utilisation, serviceMs, variation: service, measuredWaitMs: queue.meanMs }
  if (meanTogether === 1) {
    const waitMs = meanWaitMs({ workers, ratePerSecond, serviceMs, arrivals: burstiness, service })
    return waitMs === null ? null : { ...known, formula: 'Allen-Cunneen', waitMs }
  }
  if (!takesAllThatWait(setup) || burstiness !== 1) return null
  const wholeMs = meanBatchedMs(ratePerSecond / 1000, setup.batchLine!)
  return wholeMs === null ? null : { ...known, formula: 'Inoue', waitMs: Math.max(0, wholeMs - serviceMs) }
}

/** As the formula of batches has it. */
const takesAllThatWait = ({ workers, maxBatch, fewRows = maxBatch, batchDelayMs = 0, batchLine = null }: LoadSetup): boolean =>
  workers === 1 && fewRows === maxBatch && batchDelayMs === 0 && batchLine !== null
