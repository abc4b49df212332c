// Time of garbage collection in this process, as V8 reports it.
import { PerformanceObserver } from 'node:perf_hooks'

export interface GarbageWatch {
  /** Until now, ms. */
  readonly totalMs: () => number
  end(): void
}

export function watchGarbage(): GarbageWatch {
  let totalMs = 0
  const add = (entries: readonly { readonly duration: number }[]) => {
    for (const { duration } of entries) totalMs += duration
  }
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return {
    totalMs: () => {
      add(observer.takeRecords())
      return totalMs
    },
    end: () => observer.disconnect(),
  }
}
