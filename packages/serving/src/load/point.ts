// What one run says: counts, percentiles with their intervals, whether the server kept up, and what latencies are made of.

import {
  average,
  leastSamples,
  meanInterval,
  percentileInterval,
  percentileOf,
  sortAscending,
} from '@whyslow/measure/statistics/index.ts'
import type { LoadInterval, LoadIntervals, LoadLaw, LoadPoint, LoadSaturation } from '@whyslow/report/documents/load.ts'
import { fallsBehind, LATE_MS, withoutLatencies } from './generator-limit.ts'
import { heldBackIn } from './held-back.ts'
import { flowLaw, littlesLaw } from './laws.ts'
import type { MeasuredRun } from './measured-run.ts'
import { latencyParts } from './parts.ts'
import { OUTCOME, type Records } from './records.ts'
import { grows, mayGrow, type Queue, queueOf } from './saturation.ts'
import { streamsOf } from './streams.ts'

const PERCENTILES = { p50Ms: 0.5, p90Ms: 0.9, p95Ms: 0.95, p99Ms: 0.99, p999Ms: 0.999 } as const
export type PercentileName = keyof typeof PERCENTILES

/**
 * A number that would be lower by more than this, had each request been sent in time, reports about the generator. Less than LATE_MS is told
 * (`addedMs`) and no reason to leave a number out: a CPU that sleeps takes a tenth of a millisecond to wake, and answers of one millisecond
 * would have no numbers anywhere.
 */
const LAG_SHARE = 0.05
/** More of the requests than this late: the generator is said to be. */
const LATE_SHARE = 0.01
/** More of the requests than this refused or timed out: the server does not keep up. */
const REFUSED_SHARE = 0.01

/** A status that answers what was asked. */
const isGood = (outcome: number): boolean => outcome >= 200 && outcome < 300

/** Latencies of the measured part, in order of arrival; infinite where no good answer came. */
export function latenciesOf({
  records,
  measuredFrom,
  sent,
}: Pick<MeasuredRun, 'records' | 'measuredFrom' | 'sent'>): Float64Array {
  const { dueMs, doneMs, outcome } = records
  return Float64Array.from({ length: Math.max(0, sent - measuredFrom) }, (_, k) => {
    const at = measuredFrom + k
    return isGood(outcome[at]!) ? doneMs[at]! - dueMs[at]! : Number.POSITIVE_INFINITY
  })
}

export function pointOf(run: MeasuredRun): LoadPoint {
  const { records, sent, measuredFrom, fromMs, toMs, ratePerSecond } = run
  const requests = Math.max(0, sent - measuredFrom)
  const inOrder = latenciesOf(run)
  const sorted = sortAscending(inOrder)
  const answered = sorted.indexOf(Number.POSITIVE_INFINITY)
  const good = sorted.subarray(0, answered < 0 ? sorted.length : answered)
  const counts = countsOf(run)
  const queue = queueOf(crossings(run))
  const saturation = saturationOf(run, counts, queue)
  const isUnclear = saturation === null && run.clients === null && mayGrow(queue, requests)
  const none = saturation !== null ? SATURATED : isUnclear ? UNCLEAR : null
  const lags = lagsOf(records, measuredFrom, sent)
  const seconds = (toMs - fromMs) / 1000
  const sinceSent = latenciesFromSending(run)
  const percentiles = percentilesOf({ inOrder, sorted, fromSending: sinceSent, none })
  const noMean = noMeanBecause({ good, fromSending: sinceSent, none })
  const hasMean = noMean === null
  const lag = {
    p50Ms: lags.length > 0 ? percentileOf(lags, 0.5) : 0,
    p99Ms: lags.length > 0 ? percentileOf(lags, 0.99) : 0,
    maxMs: lags.length > 0 ? lags.at(-1)! : 0,
    lateShare: lags.length > 0 ? lags.filter((late) => late > LATE_MS).length / lags.length : 0,
  }
  const point: LoadPoint = {
    offeredPerSecond: ratePerSecond,
    clients: run.clients,
    achievedPerSecond: seconds > 0 ? goodWithin(run) / seconds : 0,
    seconds,
    warmUpSeconds: fromMs / 1000,
    seed: run.seed,
    requests,
    answered: good.length,
    meanMs: hasMean ? average(good) : null,
    ...percentiles.values,
    maxMs: good.length > 0 ? good.at(-1)! : null,
    intervals: {
      ...percentiles.intervals,
      meanMs: hasMean ? meanInterval(good.length === inOrder.length ? inOrder : inOrder.filter(Number.isFinite)) : null,
    },
    reasons: { ...percentiles.reasons, ...(noMean === null ? {} : { meanMs: noMean.why }) },
    saturated: saturation !== null,
    saturation,
    keepsUp: isUnclear ? null : saturation === null,
    ...counts,
    repeated: run.repeated,
    outstanding: {
      mean: queue.meanOutstanding,
      most: queue.mostOutstanding,
      atEnd: queue.outstandingAtEnd,
      series: queue.series,
    },
    parts: good.length > 0 ? latencyParts(run, sorted, good.length) : null,
    lag,
    addedMs: { ...percentiles.addedMs, ...(hasMean ? { meanMs: average(good) - averageOfFirst(sinceSent, good.length) } : {}) },
    generatorLimit: (percentiles.isLate || noMean?.isLate) && lag.lateShare > LATE_SHARE ? 'sends-late' : null,
    held: null,
    server: null,
    laws: lawsOf(run, queue, { requests, answered: good.length, errors: counts.errors }),
    ...(run.streams === undefined ? heldBackIn(run) : { streams: streamsOf(run, none) }),
  }
  const isBehind = fallsBehind(run, { backlogGrows: grows(queue, requests), lagP50Ms: lag.p50Ms })
  return isBehind ? withoutLatencies(point, 'falls-behind') : point
}

function lawsOf(run: MeasuredRun, queue: Queue, ended: Pick<LoadPoint, 'requests' | 'answered' | 'errors'>): readonly LoadLaw[] {
  const { records, measuredFrom, sent } = run
  const pending = records.outcome.slice(measuredFrom, sent).filter((outcome) => outcome === OUTCOME.pending).length
  const little = littlesLaw(run, queue)
  return [...(little === null ? [] : [little]), flowLaw(ended, pending)]
}

const SATURATED = 'the server did not keep up: the longer the run, the higher it would be'
const UNCLEAR = 'the run is too short to say whether the server keeps up: more are outstanding at its end'

interface Percentiles {
  readonly values: Readonly<Record<PercentileName, number | null>>
  readonly intervals: Omit<LoadIntervals, 'meanMs'>
  readonly reasons: Readonly<Record<string, string>>
  /** Part of each given time that is the generator's own lateness. */
  readonly addedMs: Readonly<Record<string, number>>
  /** One of them is left out since the generator was late. */
  readonly isLate: boolean
}

interface Sample {
  readonly inOrder: Float64Array
  readonly sorted: Float64Array
  /** Latencies from when requests were really sent, ascending: only to see what the generator itself adds. */
  readonly fromSending: Float64Array
  /** Why there is not a number at all; null: there may be. */
  readonly none: string | null
}

function percentilesOf(sample: Sample): Percentiles {
  const values: Record<string, number | null> = {}
  const intervals: Record<string, LoadInterval | null> = {}
  const reasons: Record<string, string> = {}
  const addedMs: Record<string, number> = {}
  let isLate = false
  for (const [name, share] of Object.entries(PERCENTILES)) {
    const unknown = unknownBecause(sample, share)
    if (unknown !== null) reasons[name] = unknown.why
    isLate ||= unknown?.isLate ?? false
    const value = unknown === null ? percentileOf(sample.sorted, share) : null
    if (value !== null) addedMs[name] = value - percentileOf(sample.fromSending, share)
    values[name] = value
    intervals[name] = unknown === null ? percentileInterval(sample.inOrder, sample.sorted, share) : null
  }
  return { values, intervals, reasons, addedMs, isLate } as unknown as Percentiles
}

interface Unknown {
  readonly why: string
  /** Whether the generator is late, and not the server. */
  readonly isLate: boolean
}

const because = (why: string): Unknown => ({ why, isLate: false })

/** Why a percentile cannot be given; null if it can. */
function unknownBecause({ sorted, fromSending, none }: Sample, share: number): Unknown | null {
  if (none !== null) return because(none)
  const least = leastSamples(share)
  if (sorted.length < least) return because(`${sorted.length} requests are too few: it takes ${least}`)
  const value = percentileOf(sorted, share)
  if (!Number.isFinite(value)) return because('so many requests got no good answer that it lies among them')
  return lateness(value, percentileOf(fromSending, share))
}

function noMeanBecause(sample: Pick<Sample, 'fromSending' | 'none'> & { readonly good: Float64Array }): Unknown | null {
  const { good, fromSending, none } = sample
  if (none !== null) return because(none)
  if (good.length === 0) return because('no good answers')
  return lateness(average(good), averageOfFirst(fromSending, good.length))
}

const averageOfFirst = (values: Float64Array, count: number): number => average(values.subarray(0, count))

/** null: the generator adds too little to touch it. */
function lateness(value: number, fromSending: number): Unknown | null {
  const added = value - fromSending
  if (added <= Math.max(LATE_MS, LAG_SHARE * value)) return null
  return { why: `the generator itself adds ${added.toFixed(1)} ms by sending late`, isLate: true }
}

type Counts = Pick<LoadPoint, 'errors' | 'timedOut' | 'shed' | 'failed' | 'unsent' | 'statuses'>

function countsOf({ records: { outcome }, measuredFrom, sent }: MeasuredRun): Counts {
  const by = new Map<number, number>()
  for (let k = measuredFrom; k < sent; k++) by.set(outcome[k]!, (by.get(outcome[k]!) ?? 0) + 1)
  const of = (...outcomes: number[]) => outcomes.reduce((sum, one) => sum + (by.get(one) ?? 0), 0)
  const all = [...by]
  return {
    // Pending: the run was ended before, since the server did not keep up.
    errors: all.reduce((sum, [one, count]) => sum + (isGood(one) || one === OUTCOME.pending ? 0 : count), 0),
    timedOut: of(OUTCOME.timedOut),
    // A deadline that passed in the queue is how a server sheds, too.
    shed: of(503, 429, 504),
    failed: of(OUTCOME.unreachable, OUTCOME.broken, OUTCOME.malformed, OUTCOME.streamFailed),
    unsent: of(OUTCOME.unsent),
    statuses: Object.fromEntries(
      all
        .filter(([one]) => one > 0)
        .sort(([a], [b]) => a - b)
        .map(([one, count]) => [String(one), count]),
    ),
  }
}

function crossings({ records, sent, fromMs, toMs }: MeasuredRun) {
  const { outcome } = records
  const dueMs = records.dueMs.slice(0, sent)
  const doneMs = Float64Array.from({ length: sent }, (_, k) =>
    outcome[k] === OUTCOME.pending ? Number.POSITIVE_INFINITY : records.doneMs[k]!,
  )
  return { dueMs, doneMs, fromMs, toMs }
}

function goodWithin({ records: { doneMs, outcome }, sent, fromMs, toMs }: MeasuredRun): number {
  let count = 0
  for (let k = 0; k < sent; k++) if (isGood(outcome[k]!) && doneMs[k]! >= fromMs && doneMs[k]! < toMs) count++
  return count
}

function saturationOf(run: MeasuredRun, counts: Counts, queue: Queue): LoadSaturation | null {
  const requests = run.sent - run.measuredFrom
  if (run.clients !== null || requests === 0) return null
  const mostRefused = Math.max(REFUSED_SHARE, run.mostRefused ?? 0) * requests
  const reason = saturationReason(counts, queue, { requests, mostRefused })
  if (reason === null) return null
  const [first] = queue.series
  const grown = (queue.series.at(-1)! - first!) / ((run.toMs - run.fromMs) / 1000)
  return { reason, backlogPerSecond: Math.max(0, grown), backlogAtEnd: queue.outstandingAtEnd }
}

interface Limits {
  readonly requests: number
  readonly mostRefused: number
}

function saturationReason(
  { shed, timedOut, unsent }: Counts,
  queue: Queue,
  { requests, mostRefused }: Limits,
): LoadSaturation['reason'] | null {
  if (unsent > 0) return 'too-many-outstanding'
  if (grows(queue, requests)) return 'backlog-grows'
  if (timedOut > mostRefused) return 'times-out'
  if (shed > mostRefused) return 'sheds'
  return null
}

/** Latencies from when requests were really sent, ascending; infinite where no good answer came. */
export function latenciesFromSending({ records: { sentMs, doneMs, outcome }, measuredFrom, sent }: MeasuredRun): Float64Array {
  return Float64Array.from({ length: Math.max(0, sent - measuredFrom) }, (_, k) => {
    const at = measuredFrom + k
    return isGood(outcome[at]!) ? doneMs[at]! - sentMs[at]! : Number.POSITIVE_INFINITY
  }).sort()
}

function lagsOf({ dueMs, sentMs }: Records, from: number, to: number): Float64Array {
  return Float64Array.from({ length: Math.max(0, to - from) }, (_, k) => Math.max(0, sentMs[from + k]! - dueMs[from + k]!)).sort()
}
