// Stages of code that marks them itself: `performance.measure` between its own marks, each name one stage. Every moment is one stage's alone, of what is
// measured then the one that began last: of a measure within another it is the inner one's, of calls that overlap the latest one's. So stages
// add up to no more than the whole.
import { PerformanceObserver } from 'node:perf_hooks'
import type { MarkedStage } from '../protocol.ts'

export interface ScriptMarks {
  /** What was measured up to now, in between. Times of `performance.now()`. */
  stages(window: Span): readonly MarkedStage[]
  /** How often each name was measured. */
  counts(): ReadonlyMap<string, number>
  stop(): void
}

export interface Span {
  readonly start: number
  readonly end: number
}

interface Measured {
  readonly name: string
  readonly startTime: number
  readonly duration: number
}

export function scriptMarks(): ScriptMarks {
  const found: Measured[] = []
  const observer = new PerformanceObserver((list) => void found.push(...list.getEntries()))
  observer.observe({ type: 'measure' })
  const all = (): readonly Measured[] => {
    found.push(...observer.takeRecords())
    return found
  }
  return {
    stages: (window) => markedStages(all(), window),
    counts: () => {
      const counts = new Map<string, number>()
      for (const { name } of all()) counts.set(name, (counts.get(name) ?? 0) + 1)
      return counts
    },
    stop: () => observer.disconnect(),
  }
}

/** Stages by name, in the order in which each was first measured. What began before the window, or ends behind it, is cut. Exported for its test. */
export function markedStages(measured: readonly Measured[], { start, end }: Span): MarkedStage[] {
  const clipped = measured
    .map(({ name, startTime, duration }) => ({
      name,
      start: Math.max(start, startTime),
      end: Math.min(end, startTime + duration),
    }))
    .filter((one) => one.end >= one.start)
  const inner = timesWithoutInner(clipped)
  const own = ownTimes(clipped)
  const stages = new Map<string, { timesMs: number[]; wholeMs: number }>()
  for (const [at, { name }] of clipped.entries()) {
    const stage = stages.get(name) ?? { timesMs: [], wholeMs: 0 }
    stage.timesMs.push(Math.max(0, inner[at]!))
    stage.wholeMs += own[at]!
    stages.set(name, stage)
  }
  return [...stages].map(([name, told]) => ({ name, ...told }))
}

/** Ends of the same mark differ in the last digits. */
const ROUNDING_MS = 1e-6

/** How long each interval took without those inside it; it is unknown whose they are if calls overlap. */
function timesWithoutInner(intervals: readonly Span[]): number[] {
  const times = intervals.map(({ start, end }) => end - start)
  const order = intervals.map((_, at) => at).sort((a, b) => byStart(intervals[a]!, intervals[b]!))
  const open: number[] = []
  for (const at of order) {
    const { start, end } = intervals[at]!
    while (open.length > 0 && intervals[open.at(-1)!]!.end < end - ROUNDING_MS) open.pop()
    const around = open.at(-1)
    if (around !== undefined) times[around]! -= end - start
    open.push(at)
  }
  return times
}

/** Time of each interval during which it is the one that began last. */
function ownTimes(intervals: readonly Span[]): number[] {
  const own = intervals.map(() => 0)
  const order = intervals.map((_, at) => at).sort((a, b) => byStart(intervals[a]!, intervals[b]!))
  const open: number[] = []
  let now = Number.NEGATIVE_INFINITY
  /** Up to then. */
  const advance = (until: number): void => {
    while (open.length > 0 && now < until) {
      const at = open.at(-1)!
      const end = Math.min(until, intervals[at]!.end)
      if (end > now) {
        own[at]! += end - now
        now = end
      }
      if (intervals[at]!.end <= now) open.pop()
    }
    now = Math.max(now, until)
  }
  for (const at of order) {
    advance(intervals[at]!.start)
    open.push(at)
  }
  advance(Number.POSITIVE_INFINITY)
  return own
}

/** The one that holds another comes first. */
const byStart = (a: Span, b: Span): number => a.start - b.start || b.end - a.end
