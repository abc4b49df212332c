// Processes -> the numbers of the document: medians over processes of each process's own median, with the interval over processes.
import {
  type Basis,
  fitLine,
  median,
  percentileOf,
  processInterval,
  type RatioInterval,
  type Reservation,
  reservationsOf,
  sortAscending,
  trustOf,
} from '@whyslow/measure/statistics/index.ts'
import { percent } from '@whyslow/measure/statistics/numbers.ts'
import type { DepthLine, GenerationSpeed, Measured, SeveralTokens } from '@whyslow/report/documents/generation.ts'
import type { MeasuredCall, ProcessMeasurement, StepTimes } from './types.ts'

type Processes = readonly ProcessMeasurement[]

/** The median of one value of each process, with its interval over processes. */
export const overProcesses = (values: readonly number[]): Measured => ({ value: median(values), ...processInterval(values) })

/** The same over the processes that have the value; null if none has. */
function overThoseWith(processes: Processes, of: (one: ProcessMeasurement) => number | null): Measured | null {
  const values = processes.map(of).filter((value): value is number => value !== null && Number.isFinite(value))
  return values.length === 0 ? null : overProcesses(values)
}

export const ratioWithInterval = ({ ratio, ratioLow, ratioHigh }: RatioInterval): Measured => ({
  value: ratio,
  low: ratioLow,
  high: ratioHigh,
})

/** How far a median over processes can be trusted; `others`: what else lowers it. */
export function trustIn(
  { value, low, high }: Measured,
  { processes, samples, unit }: Pick<Basis, 'processes' | 'samples' | 'unit'>,
  others: readonly Reservation[] = [],
): GenerationSpeed['trust'] {
  const width = value > 0 ? (high - low) / 2 / value : 0
  const own = reservationsOf({ processes, measured: processes, samples, width, unit })
  const { trust, reasons } = trustOf([...own, ...others])
  return { grade: trust === 'D' ? 'C' : trust, reasons }
}

const middleOf = (calls: readonly MeasuredCall[], of: (call: MeasuredCall) => number | null): number | null => {
  const values = calls.map(of).filter((value) => value !== null)
  return values.length === 0 ? null : median(values)
}

/** Prompt tokens a second: those that no cache held, over the engine's time for them, or over the time to the first token. */
export function prefillRate({ promptTokens, cachedTokens, parts, firstMs, tokenizeMs, encoded }: MeasuredCall): number | null {
  // What a decoder begins with behind an encoder is no prompt.
  if (promptTokens === null || encoded !== undefined) return null
  const ms = parts.prefillRunMs ?? firstMs - (tokenizeMs ?? 0)
  const fed = promptTokens - (cachedTokens ?? 0)
  return fed > 0 && ms > 0 ? (fed / ms) * 1000 : null
}

export function speedOf(processes: Processes): GenerationSpeed {
  const calls = processes.flatMap((one) => one.calls)
  const gaps = sortAscending(calls.flatMap(({ gapsMs }) => gapsMs))
  const each = (of: (call: MeasuredCall) => number | null) => overThoseWith(processes, (one) => middleOf(one.calls, of))
  const timePerTokenMs = each(({ perTokenMs }) => perTokenMs)
  const timeToFirstTokenMs = each(({ firstMs }) => firstMs)!
  const counted = { processes: processes.length, samples: calls.length, unit: 'call' }
  return {
    timeToFirstTokenMs,
    timePerTokenMs,
    interTokenMs:
      gaps.length === 0 ? null : { p50: percentileOf(gaps, 0.5), p90: percentileOf(gaps, 0.9), p99: percentileOf(gaps, 0.99) },
    prefillTokensPerSecond: each(prefillRate),
    tokensPerSecond: each(({ perTokenMs }) => (perTokenMs === null || perTokenMs === 0 ? null : 1000 / perTokenMs)),
    coldFirstTokenMs: overThoseWith(processes, ({ cold }) => cold.firstMs),
    openMs: overThoseWith(processes, ({ openMs }) => openMs),
    naturalStop: processes.find(({ natural }) => natural !== null)?.natural ?? null,
    trust: trustIn(timePerTokenMs ?? timeToFirstTokenMs, counted, reservationsOn(processes)),
  }
}

/** Prompt tokens that a cache held are tokens whose time was not measured. */
const CACHED_SHARE_FELT = 0.02

function reservationsOn(processes: Processes): readonly Reservation[] {
  const calls = processes.flatMap((one) => one.calls)
  const cached = cachedShareOf(processes)
  const early = calls.filter(({ endedByItself }) => endedByItself).length
  return [
    ...(cached !== null && cached > CACHED_SHARE_FELT
      ? [
          {
            grade: 'C',
            reason: `a cache already held ${percent(cached)} of the prompt tokens: the first token is faster than of new prompts`,
          } as const,
        ]
      : []),
    ...(early > 0
      ? [{ grade: 'B', reason: `${early} of ${calls.length} texts ended before they had the requested tokens` } as const]
      : []),
  ]
}

/** The share of all prompt tokens of warm calls that a cache held; null: the engine does not say. */
export function cachedShareOf(processes: Processes): number | null {
  const known = processes.flatMap(({ calls }) => calls).filter((call) => call.cachedTokens !== null && call.promptTokens !== null)
  const all = known.reduce((sum, { promptTokens }) => sum + promptTokens!, 0)
  return all === 0 ? null : known.reduce((sum, { cachedTokens }) => sum + cachedTokens!, 0) / all
}

/** One point of each depth that every process measured. */
export function depthLineOf(processes: Processes): DepthLine | null {
  const points = pointsOf(
    processes,
    ({ depths }) => depths,
    ({ depth }) => depth,
  ).map(({ at, value, low, high }) => ({
    depth: at,
    ms: value,
    low,
    high,
  }))
  const line = lineThrough(points.map(({ depth, ms }) => ({ x: depth, y: ms })))
  if (line === null) return null
  return { points, interceptMs: line.fixed, slopeMsPerThousand: line.perUnit * 1000, slopeOverFloor: null }
}

function lineThrough(points: readonly { readonly x: number; readonly y: number }[]): { fixed: number; perUnit: number } | null {
  const [first, second] = points
  if (first === undefined || second === undefined) return null
  if (points.length > 2) return fitLine(points) ?? null
  const perUnit = (second.y - first.y) / (second.x - first.x)
  return { fixed: first.y - perUnit * first.x, perUnit }
}

export function severalOf(processes: Processes): SeveralTokens | null {
  const points = pointsOf(
    processes,
    ({ several }) => several,
    ({ tokens }) => tokens,
  )
  const [first] = processes.flatMap(({ several }) => several)
  const one = points.find(({ at }) => at === 1)?.value
  if (first === undefined || one === undefined) return null
  return { depth: first.depth, points: points.map(({ at, value }) => ({ tokens: at, ms: value, ratio: value / one })) }
}

/** Rows of processes at the same place of their lists; one that was cut short lacks the last. */
function pointsOf(
  processes: Processes,
  rows: (one: ProcessMeasurement) => readonly StepTimes[],
  of: (row: StepTimes) => number,
): ({ readonly at: number } & Measured)[] {
  const most = Math.max(0, ...processes.map((one) => rows(one).length))
  return Array.from({ length: most }, (_, k) => processes.flatMap((one) => rows(one)[k] ?? [])).map((measured) => {
    const values = measured.map(({ samplesMs }) => median(samplesMs))
    return { at: Math.round(median(measured.map(of))), ...overProcesses(values) }
  })
}

/** Threads that were requested, or that the engine says; null: its default, whatever that is. */
export const threadsIn = (
  processes: readonly Pick<ProcessMeasurement, 'threads'>[],
  { threads }: { readonly threads: number | null },
): number | null => threads ?? processes[0]?.threads ?? null
