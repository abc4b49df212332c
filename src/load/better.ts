// Whether another set-up of the server does better at the same rate, by runs with the same arrivals: the set-up of the command before and
// after, the other one between them.
import type { LoadBeside, LoadPoint } from '../report/documents/load.ts'
import { perSecond } from './facts.ts'

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

/** 'At 200 requests/s the mean is 4.10 ms so, and 9.30 ms (9.60 ms after it)'. */
export function inNumbers({ before, point, after }: LoadBeside): string {
  const rate = perSecond(before.offeredPerSecond!)
  const one = (own: LoadPoint) =>
    own.saturated ? 'it does not keep up' : own.meanMs === null ? 'not known' : `${own.meanMs.toFixed(2)} ms`
  if (before.saturated && after.saturated)
    return `At ${rate} requests/s it keeps up so (mean ${one(point)}), and as it is does not`
  return `At ${rate} requests/s the mean is ${one(point)} so; as it is, ${one(before)} before and ${one(after)} after`
}

export const alternativeFacts = ({ before, point, after }: LoadBeside) =>
  [
    { name: 'mean so', value: point.meanMs, unit: 'ms' },
    { name: 'mean before', value: before.meanMs, unit: 'ms' },
    { name: 'mean after', value: after.meanMs, unit: 'ms' },
  ].flatMap(({ name, value, unit }) => (value === null ? [] : [{ name, value, unit }]))

/** What the slowest hundredth takes less. */
export function savedMs({ before, point, after }: LoadBeside): number | null {
  if (before.saturated || after.saturated || before.parts === null || after.parts === null || point.parts === null) return null
  const own = Math.min(before.parts.slowest.latencyMs, after.parts.slowest.latencyMs)
  return Math.max(0, own - point.parts.slowest.latencyMs)
}
