// Whether another set-up of the server does better at the same rate, by runs with the same arrivals: the set-up of the command before and
// after, the other one between them.
import type { RuleFinding } from '@whyslow/diagnosis/rule.ts'
import { ms, rate, type Sentence, tell } from '@whyslow/diagnosis/tell.ts'
import type { LoadBeside, LoadPoint } from '@whyslow/report/documents/load.ts'

/** The other set-up keeps up where this one does not, or has a lower mean than both of its runs, intervals apart, and no higher p99. */
export function isBetter({ before, point, after }: LoadBeside): boolean {
  if (point.saturated || point.errors > 0) return false
  return [before, after].every((own) => own.saturated || isLower(point, own))
}

function isLower(other: LoadPoint, own: LoadPoint): boolean {
  const [high, low] = [other.intervals.meanMs?.high ?? null, own.intervals.meanMs?.low ?? null]
  if (high === null || low === null || high >= low) return false
  return other.p99Ms === null || own.p99Ms === null || other.p99Ms <= own.p99Ms
}

/** 'At 200 requests/s the mean is then 4.10 ms; unchanged, it is 9.30 ms before and 9.60 ms after'. */
export function comparison({ before, point, after }: LoadBeside): Sentence {
  const at = tell`At ${rate('offered', before.offeredPerSecond!)}`
  const mean = (name: string, own: LoadPoint) =>
    own.saturated ? 'it does not keep up' : own.meanMs === null ? 'not known' : ms(name, own.meanMs)
  if (before.saturated && after.saturated)
    return tell`${at} it keeps up in this way (mean ${mean('mean-so', point)}), and unchanged it does not`
  return tell`${at} the mean is then ${mean('mean-so', point)}; unchanged, it is ${mean('mean-before', before)} before and ${mean('mean-after', after)} after`
}

/** What the slowest hundredth takes now, and what it takes less in the other set-up. */
export function savingOf(one: LoadBeside): Pick<RuleFinding, 'timeMs' | 'wouldSaveMs' | 'savingUnknown' | 'basis'> {
  const [before, point, after] = [one.before, one.point, one.after].map((run) =>
    run.saturated ? undefined : run.parts?.slowest.latencyMs,
  )
  const timeMs = Math.min(before ?? Number.POSITIVE_INFINITY, after ?? Number.POSITIVE_INFINITY)
  if (before !== undefined && point !== undefined && after !== undefined)
    return { timeMs, wouldSaveMs: Math.max(0, timeMs - point), basis: 'measured' }
  const isFull = one.before.saturated || one.after.saturated
  const savingUnknown = isFull
    ? 'unchanged, it does not keep up, so its latency has no bound'
    : 'the server does not report what its answers are made of'
  return {
    timeMs: Number.isFinite(timeMs) ? timeMs : (one.before.meanMs ?? 0),
    wouldSaveMs: null,
    savingUnknown,
    basis: 'measured',
  }
}
