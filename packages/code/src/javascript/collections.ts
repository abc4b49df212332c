// Collections of garbage, as Node tells them: each with its begin and length, joined by time with what ran then.
import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { yieldToEventLoop } from './predictions.ts'

export interface Interval {
  readonly start: number
  readonly end: number
}

export class Collections {
  readonly found: Interval[] = []
  private readonly observer = new PerformanceObserver((list) => this.add(list.getEntries()))

  constructor() {
    this.observer.observe({ type: 'gc' })
  }

  private add(entries: readonly PerformanceEntry[]): void {
    for (const { startTime, duration } of entries) this.found.push({ start: startTime, end: startTime + duration })
  }

  /** What is still on its way is taken, and no more is heard. */
  async stop(): Promise<readonly Interval[]> {
    await yieldToEventLoop()
    await yieldToEventLoop()
    this.add(this.observer.takeRecords())
    this.observer.disconnect()
    return this.found
  }
}

/** Time of `those` that is in `intervals`, which are in order and apart; ms. */
export function overlapMs(those: readonly Interval[], intervals: readonly Interval[]): number {
  let total = 0
  for (const one of those) {
    for (let at = firstEndingAfter(intervals, one.start); at < intervals.length && intervals[at]!.start < one.end; at++) {
      const { start, end } = intervals[at]!
      total += Math.max(0, Math.min(end, one.end) - Math.max(start, one.start))
    }
  }
  return total
}

function firstEndingAfter(intervals: readonly Interval[], time: number): number {
  let [low, high] = [0, intervals.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (intervals[middle]!.end > time) high = middle
    else low = middle + 1
  }
  return low
}
