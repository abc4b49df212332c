// One point: a timeline made, the generator run on it, its numbers. Also how long a run must be if nobody says.
import { readFileSync } from 'node:fs'
import {
  average,
  leastSamples,
  meanInterval,
  type OpenInterval,
  percentileInterval,
  percentileOf,
  sortAscending,
} from '@whyslow/measure/statistics/index.ts'
import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { type Load, type Run, runGenerator } from './generator.ts'
import { isLimited } from './generator-limit.ts'
import type { Goodput } from './goodput.ts'
import type { KeptAnswer } from './kept-answers.ts'
import type { MeasuredRun } from './measured-run.ts'
import { latenciesFromSending, latenciesOf, pointOf } from './point.ts'
import { OUTCOME, type Records } from './records.ts'
import { grows, queueOf } from './saturation.ts'
import type { Target } from './target.ts'
import { type Arrivals, MOST_REQUESTS, makeTimeline } from './timeline.ts'

/** null: as long as the percentiles take, within the limits below. */
export type RunLength = { readonly seconds: number } | null

export interface PointPlan {
  readonly target: Target
  readonly arrivals: Arrivals
  readonly ratePerSecond: number
  readonly length: RunLength
  readonly seed: number
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  readonly onProgress?: (share: number) => void
  /** Share of the requests that may be refused or time out where the objective allows more than is usual. */
  readonly mostRefused?: number
  /** Bounds of both times of a stream. */
  readonly goodput?: Goodput
  /** Tokens of a text, for servers that stream without counting them. */
  readonly countTokens?: (text: string) => number
  /** Sends the requests; absent: the generator, in threads of its own and in real time. */
  readonly generate?: typeof runGenerator
  /** Ends the run early, asked with the latencies so far. */
  readonly enough?: (latencies: Float64Array) => boolean
}

export interface MeasuredPoint {
  readonly point: LoadPoint
  /** Latencies in order of arrival; infinite if no good answer came. */
  readonly latencies: Float64Array
  /** Latencies from when requests were really sent, ascending: what they would be at most, had the generator been in time. */
  readonly sinceSent: Float64Array
  readonly generator: { readonly cores: number; readonly lost: number }
  readonly kept: readonly KeptAnswer[]
}

const LEAST_SECONDS = 10
const MOST_SECONDS = 60
/** Slow servers need longer for the p99. */
const MOST_SECONDS_SLOW = 300
/** The p99 and the mean are known well enough at this half width of their intervals. */
const HALF_WIDTH = 0.1
/** Share of the run that warms up before it, within limits. */
const WARM_UP = { share: 0.2, leastMs: 1000, mostMs: 10_000 } as const
/** Between two looks at how sure the percentiles are, the run grows by so much. */
const LOOK_GROWTH = 1.2

export async function measurePoint(plan: PointPlan): Promise<MeasuredPoint> {
  const { ratePerSecond, arrivals, seed, length } = plan
  const measuredMs = 1000 * (length?.seconds ?? longestSeconds(ratePerSecond))
  const warmUpMs = warmUpOf(length === null ? LEAST_SECONDS * 1000 : measuredMs)
  const timeline = makeTimeline({ arrivals, ratePerSecond, warmUpMs, measuredMs, seed })
  const { measuredFrom } = timeline
  const offered = offeredOf(plan, (timeline.dueMs.length - measuredFrom) / (measuredMs / 1000))
  const lengthMs = warmUpMs + measuredMs
  const load: Load = { kind: 'open', timeline, lengthMs }
  const enough = length === null ? sureEnough(ratePerSecond) : () => false
  let lookAt = 0
  const stopWhen = (records: Records, sent: number): 'no' | 'sending' | 'all' => {
    if (sent >= timeline.dueMs.length) return failsToEnd(records, sent, warmUpMs, lengthMs) ? 'all' : 'no'
    if (sent - measuredFrom < lookAt) return 'no'
    lookAt = Math.max(50, LOOK_GROWTH * (sent - measuredFrom))
    const latencies = soFar(records, measuredFrom, sent)
    return plan.enough?.(latencies) || enough(latencies) ? 'sending' : 'no'
  }
  const run = await (plan.generate ?? runGenerator)(plan.target, load, { ...generatorOptions(plan), stopWhen })
  const toMs = run.stopped ? Math.max(warmUpMs, run.records.dueMs[Math.max(0, run.sent - 1)]!) + 1000 / ratePerSecond : lengthMs
  return measured(run, plan, { measuredFrom, fromMs: warmUpMs, toMs, ratePerSecond: offered, clients: null })
}

/** Offered rate. For a recording that is cut it is what comes in its part, and not on average over the whole. */
function offeredOf({ arrivals, ratePerSecond }: PointPlan, scheduledPerSecond: number): number {
  const isWhole = Math.abs(scheduledPerSecond / ratePerSecond - 1) < 1e-9
  return arrivals.kind === 'trace' && !isWhole ? scheduledPerSecond : ratePerSecond
}

export interface ClosedPlan extends Omit<PointPlan, 'arrivals' | 'ratePerSecond' | 'enough'> {
  readonly clients: number
}

/** Clients that send when they have their answer: a server's throughput, and latencies that nobody had to wait for. */
export async function measureClosed(plan: ClosedPlan): Promise<MeasuredPoint> {
  const measuredMs = 1000 * (plan.length?.seconds ?? LEAST_SECONDS)
  const warmUpMs = warmUpOf(measuredMs)
  const lengthMs = warmUpMs + measuredMs
  const load: Load = { kind: 'closed', clients: plan.clients, lengthMs, capacity: MOST_REQUESTS }
  const run = await (plan.generate ?? runGenerator)(plan.target, load, generatorOptions(plan))
  let measuredFrom = 0
  while (measuredFrom < run.sent && run.records.dueMs[measuredFrom]! < warmUpMs) measuredFrom++
  return measured(run, plan, { measuredFrom, fromMs: warmUpMs, toMs: lengthMs, ratePerSecond: null, clients: plan.clients })
}

type Window = Pick<MeasuredRun, 'measuredFrom' | 'fromMs' | 'toMs' | 'ratePerSecond' | 'clients'>

type MeasuredPlan = Pick<PointPlan, 'seed' | 'timeoutMs' | 'mostRefused' | 'goodput' | 'countTokens'>

function measured(run: Run, plan: MeasuredPlan, window: Window): MeasuredPoint {
  const { records, sent, toldNames, repeated, streams } = run
  const { seed, timeoutMs, mostRefused = 0, goodput, countTokens } = plan
  const ofStreams = {
    ...(streams === undefined ? {} : { streams }),
    ...(goodput === undefined ? {} : { goodput }),
    ...(countTokens === undefined ? {} : { countTokens }),
  }
  const measuredRun = { records, sent, toldNames, repeated, seed, timeoutMs, mostRefused, ...ofStreams, ...window }
  const point = pointOf(measuredRun)
  let pending = 0
  for (let k = 0; k < sent; k++) if (records.outcome[k] === OUTCOME.pending) pending++
  return {
    point,
    latencies: latenciesOf(measuredRun),
    sinceSent: latenciesFromSending(measuredRun),
    kept: run.kept,
    // Pending ones were given up where the server, or the generator, did not keep up.
    generator: { cores: run.cpuMs / (run.endMs - run.startMs), lost: point.saturated || isLimited(point) ? 0 : pending },
  }
}

const generatorOptions = (plan: Pick<PointPlan, 'timeoutMs' | 'seed' | 'signal' | 'onProgress'>) => ({
  timeoutMs: plan.timeoutMs,
  mostOutstanding: mostConnections(),
  seed: plan.seed,
  signal: plan.signal,
  ...(plan.onProgress === undefined ? {} : { onProgress: plan.onProgress }),
})

/** ms */
export const warmUpOf = (measuredMs: number): number =>
  Math.min(WARM_UP.mostMs, Math.max(WARM_UP.leastMs, WARM_UP.share * measuredMs))

function longestSeconds(ratePerSecond: number): number {
  const forP99 = (2 * leastSamples(0.99)) / ratePerSecond
  return Math.min(MOST_SECONDS_SLOW, Math.max(MOST_SECONDS, forP99), MOST_REQUESTS / (2 * ratePerSecond))
}

/** As many requests as LoadGen's rule asks for, ten seconds, and intervals that are narrow enough for a queue's correlation. */
function sureEnough(ratePerSecond: number): (latencies: Float64Array) => boolean {
  const least = Math.max(leastSamples(0.99), LEAST_SECONDS * ratePerSecond)
  return (latencies) => {
    if (latencies.length < least) return false
    const sorted = sortAscending(latencies)
    return (
      isNarrow(percentileInterval(latencies, sorted, 0.99), percentileOf(sorted, 0.99)) &&
      isNarrow(meanInterval(latencies), average(latencies))
    )
  }
}

const isNarrow = (interval: OpenInterval | null, value: number): boolean =>
  interval !== null && interval.high !== null && interval.high - value <= HALF_WIDTH * value

/** Latencies of requests that were sent; those outstanding have waited as long as the last one has been due. */
function soFar({ dueMs, doneMs, outcome }: Records, from: number, sent: number): Float64Array {
  const now = dueMs[sent - 1] ?? 0
  return Float64Array.from({ length: Math.max(0, sent - from) }, (_, k) => {
    const at = from + k
    return (outcome[at] === OUTCOME.pending ? now : doneMs[at]!) - dueMs[at]!
  })
}

/** All is sent and the server did not keep up: its backlog says nothing more. */
function failsToEnd({ dueMs, doneMs, outcome }: Records, sent: number, fromMs: number, toMs: number): boolean {
  const ends = Float64Array.from({ length: sent }, (_, k) =>
    outcome[k] === OUTCOME.pending ? Number.POSITIVE_INFINITY : doneMs[k]!,
  )
  const queue = queueOf({ dueMs: dueMs.slice(0, sent), doneMs: ends, fromMs, toMs })
  return grows(queue, dueMs.slice(0, sent).filter((due) => due >= fromMs).length)
}

/** Files that this process may have open, less what it needs itself. */
function mostConnections(): number {
  const [unknown, kept] = [1000, 64]
  try {
    const soft = /^Max open files\s+(\d+|unlimited)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1]
    if (soft === 'unlimited') return 50_000
    return Math.min(50_000, Math.max(16, Number(soft ?? unknown) - kept))
  } catch {
    return unknown
  }
}
