// Stages of code that marks them itself: `performance.measure` between its own marks, each name one stage. What is measured within another is the
// inner one's alone, so that stages add up to the whole.
import { PerformanceObserver } from 'node:perf_hooks'
import type { MarkedStage } from '../protocol.ts'

export interface ScriptMarks {
  stages(): readonly MarkedStage[]
  stop(): void
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
  return {
    stages() {
      found.push(...observer.takeRecords())
      return ownTimes(found)
    },
    stop: () => observer.disconnect(),
  }
}

/** By name, in the order in which each was first measured: the times of each without those of others that lie in it. Exported for its test. */
export function ownTimes(measured: readonly Measured[]): MarkedStage[] {
  const own = measured.map(({ duration }) => duration)
  const order = measured.map((_, at) => at).sort((a, b) => byStart(measured[a]!, measured[b]!))
  const open: number[] = []
  for (const at of order) {
    const { startTime, duration } = measured[at]!
    while (open.length > 0 && endOf(measured[open.at(-1)!]!) < startTime + duration - ROUNDING_MS) open.pop()
    const around = open.at(-1)
    if (around !== undefined) own[around]! -= duration
    open.push(at)
  }
  const times = new Map<string, number[]>()
  for (const [at, { name }] of measured.entries()) {
    const known = times.get(name)
    if (known === undefined) times.set(name, [own[at]!])
    else known.push(own[at]!)
  }
  return [...times].map(([name, timesMs]) => ({ name, timesMs }))
}

/** Ends of the same mark differ in the last digits. */
const ROUNDING_MS = 1e-6

const endOf = ({ startTime, duration }: Measured): number => startTime + duration

/** The one that holds another comes first. */
const byStart = (a: Measured, b: Measured): number => a.startTime - b.startTime || b.duration - a.duration
