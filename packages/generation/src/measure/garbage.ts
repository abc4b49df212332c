// Time of garbage collection in this process, as V8 reports it: when each began, and how long it took.
import { PerformanceObserver } from 'node:perf_hooks'
import { setImmediate } from 'node:timers/promises'

export interface GarbageWatch {
  /** The time of collections that began in between, ms; times are of `performance.now()`. */
  readonly between: (fromMs: number, toMs: number) => Promise<number>
  end(): void
}

export function watchGarbage(): GarbageWatch {
  const seen: { readonly startTime: number; readonly duration: number }[] = []
  const observer = new PerformanceObserver((list) => void seen.push(...list.getEntries()))
  observer.observe({ entryTypes: ['gc'] })
  return {
    async between(fromMs, toMs) {
      // V8's reports come with a turn of the event loop.
      await setImmediate()
      seen.push(...observer.takeRecords())
      return seen
        .filter(({ startTime }) => startTime >= fromMs && startTime < toMs)
        .reduce((sum, { duration }) => sum + duration, 0)
    },
    end: () => observer.disconnect(),
  }
}
