// Stages of code that marks them itself: `performance.measure` between its own marks, each name one stage.
import { PerformanceObserver } from 'node:perf_hooks'
import type { MarkedStage } from '../protocol.ts'

export interface ScriptMarks {
  stages(): readonly MarkedStage[]
  stop(): void
}

export function scriptMarks(): ScriptMarks {
  const found = new Map<string, number[]>()
  const add = (entries: readonly { name: string; duration: number }[]) => {
    for (const { name, duration } of entries) {
      const times = found.get(name)
      if (times === undefined) found.set(name, [duration])
      else times.push(duration)
    }
  }
  const observer = new PerformanceObserver((list) => add(list.getEntries()))
  observer.observe({ type: 'measure' })
  return {
    stages() {
      add(observer.takeRecords())
      return [...found].map(([name, timesMs]) => ({ name, timesMs }))
    },
    stop: () => observer.disconnect(),
  }
}
