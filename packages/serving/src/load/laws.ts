// Laws that hold for every queue: where one does not, a number is wrong, and it is a mistake of this program's or of what the server tells.
// Little's law needs no assumption (J. D. C. Little, A proof for the queuing formula L = λW, Operations Research 9, 1961); neither does the
// utilisation law (P. J. Denning and J. P. Buzen, The operational analysis of queueing network models, Computing Surveys 10, 1978).
import type { LoadLaw, LoadPoint, LoadServerFacts } from '@whyslow/report/documents/load.ts'
import { partOf } from './facts.ts'
import type { MeasuredRun } from './measured-run.ts'
import { OUTCOME } from './records.ts'
import type { Queue } from './saturation.ts'

/** Little's law is arithmetic over the same instants: more is no noise. */
const LITTLE_OFF = 0.02
/** What a server counts of its own time includes its warm-up. */
const UTILISATION_OFF = 0.1
/** Share of the workers' time: less is below what their clocks can measure. */
const UTILISATION_LEAST = 0.02

/**
 * L = λW over the measured part: requests outstanding on average, from the instants at which each came and went in order of time, against
 * rate times mean time of those that came in it. What crosses its edges is counted as far as it is within.
 */
export function littlesLaw(run: MeasuredRun, { meanOutstanding }: Queue): LoadLaw | null {
  const { records, sent, fromMs, toMs } = run
  const { dueMs, doneMs, outcome } = records
  let withinMs = 0
  for (let k = 0; k < sent; k++) {
    const ended = outcome[k] === OUTCOME.pending ? toMs : doneMs[k]!
    withinMs += Math.max(0, Math.min(ended, toMs) - Math.max(dueMs[k]!, fromMs))
  }
  const length = toMs - fromMs
  if (!(length > 0) || withinMs === 0) return null
  const expected = withinMs / length
  return {
    law: 'little',
    expected,
    measured: meanOutstanding,
    unit: 'requests',
    ok: isNear(meanOutstanding, expected, { share: LITTLE_OFF, least: 1e-6 }),
  }
}

/** Each request that was scheduled has one end. */
export function flowLaw(
  { requests, answered, errors }: Pick<LoadPoint, 'requests' | 'answered' | 'errors'>,
  pending: number,
): LoadLaw {
  const ended = answered + errors + pending
  return { law: 'flow', expected: requests, measured: ended, unit: 'requests', ok: ended === requests }
}

/**
 * ρ = λS/k: how busy workers are by what clients are told of each request, and by what the workers counted of their own time. null if
 * the server does not tell, or nothing was answered.
 */
export function utilisationLaw(point: LoadPoint, server: LoadServerFacts | null, workers: number): LoadLaw | null {
  const compute = partOf(point, 'compute')
  const handOver = partOf(point, 'hand-over')
  const counted = server?.workerMsPerRequest ?? null
  if (compute === null || handOver === null || counted === null || server === null) return null
  const busy = (msPerRequest: number) => (point.achievedPerSecond * msPerRequest) / 1000 / workers
  const expected = busy((compute.meanMs + handOver.meanMs) / server.meanTogether)
  const measured = busy(counted)
  return {
    law: 'utilisation',
    expected,
    measured,
    unit: 'share of the time',
    ok: isNear(measured, expected, { share: UTILISATION_OFF, least: UTILISATION_LEAST }),
  }
}

/** Workers that are never idle answer no more than k/S; a closed loop that shows more does not measure what the server did. */
export function throughputBound(point: LoadPoint, server: LoadServerFacts | null, workers: number): LoadLaw | null {
  const counted = server?.workerMsPerRequest ?? null
  if (point.clients === null || counted === null || counted === 0) return null
  const expected = (1000 * workers) / counted
  const measured = point.achievedPerSecond
  return {
    law: 'throughput-bound',
    expected,
    measured,
    unit: 'answers/s',
    ok: measured <= (1 + UTILISATION_OFF) * expected,
  }
}

const isNear = (value: number, of: number, { share, least }: { readonly share: number; readonly least: number }): boolean =>
  Math.abs(value - of) <= Math.max(least, share * of)
