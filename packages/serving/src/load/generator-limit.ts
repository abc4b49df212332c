// Whether a run shows the generator instead of the server. What is due and not yet sent waits in the generator, so it is asked first: where
// that queue grows, or where the server keeps up with what it was really sent and only the scheduled instants run away, nothing is known
// of the server at that rate. Nor is it near the rate that the generator reaches against a server that answers at once.
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import type { MeasuredRun } from './measured-run.ts'
import { OUTCOME } from './records.ts'
import { grows, queueOf } from './saturation.ts'

/** Share of its ceiling: nearer to it, answers wait to be read, which no lateness of sending shows. */
const CEILING_SHARE = 0.9
/** Later than this is late, whatever is measured: LoadGen's and perf_analyzer's limit, too. */
export const LATE_MS = 1

interface Seen {
  /** Requests that are outstanding, from their scheduled instants. */
  readonly backlogGrows: boolean
  readonly lagP50Ms: number
}

/** Whether its schedule runs away from the generator. */
export function fallsBehind(run: MeasuredRun, { backlogGrows, lagP50Ms }: Seen): boolean {
  const { records, sent, measuredFrom, fromMs, toMs, clients } = run
  if (clients !== null) return false
  const { outcome } = records
  // Ended before it came to what is measured.
  if (sent < measuredFrom) return true
  const scheduled = sent - measuredFrom
  const sentMs = records.sentMs.slice(0, sent)
  if (grows(queueOf({ dueMs: records.dueMs.slice(0, sent), doneMs: sentMs, fromMs, toMs }), scheduled)) return true
  if (!backlogGrows || lagP50Ms <= LATE_MS) return false
  const doneMs = Float64Array.from({ length: sent }, (_, k) =>
    outcome[k] === OUTCOME.pending ? Number.POSITIVE_INFINITY : records.doneMs[k]!,
  )
  return !grows(queueOf({ dueMs: sentMs, doneMs, fromMs, toMs }), scheduled)
}

/** The point without what a rate near the generator's ceiling says of itself. */
export function limitToCeiling(point: LoadPoint, ceilingPerSecond: number): LoadPoint {
  const { offeredPerSecond } = point
  if (isLimited(point) || offeredPerSecond === null || offeredPerSecond <= CEILING_SHARE * ceilingPerSecond) return point
  return withoutLatencies(point, 'beyond-ceiling')
}

/** Nothing of the server is known from it. */
export const isLimited = ({ generatorLimit = null }: Pick<LoadPoint, 'generatorLimit'>): boolean =>
  generatorLimit === 'falls-behind' || generatorLimit === 'beyond-ceiling'

const WHY = {
  'falls-behind': 'the generator itself did not keep to its schedule',
  'beyond-ceiling': 'the generator itself does not reach that rate here',
} as const

const NAMES = ['meanMs', 'p50Ms', 'p90Ms', 'p95Ms', 'p99Ms', 'p999Ms', 'maxMs'] as const
const NO_INTERVALS: LoadPoint['intervals'] = {
  meanMs: null,
  p50Ms: null,
  p90Ms: null,
  p95Ms: null,
  p99Ms: null,
  p999Ms: null,
}

/** Neither latencies nor overload of the server: both would be the generator's. */
export function withoutLatencies(point: LoadPoint, generatorLimit: keyof typeof WHY): LoadPoint {
  return {
    ...point,
    ...(Object.fromEntries(NAMES.map((name) => [name, null])) as Pick<LoadPoint, (typeof NAMES)[number]>),
    intervals: NO_INTERVALS,
    reasons: Object.fromEntries(NAMES.map((name) => [name, WHY[generatorLimit]])),
    addedMs: {},
    saturated: false,
    saturation: null,
    keepsUp: null,
    parts: null,
    generatorLimit,
  }
}
