// A search makes many runs at each rate: what a table shows of them is a row for each rate.

import { perSecond } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadPoint } from '../../documents/load.ts'
import { medianOf } from '../plots/sparkline.ts'

export interface PooledRate {
  /** Each number is the median of the runs that have it; several runs have no interval. */
  readonly point: LoadPoint
  readonly runs: number
}

/** Rates in the order of their first runs; those runs that the server kept up with are apart from the others. */
export function pooledRates(points: readonly LoadPoint[]): PooledRate[] {
  const groups = new Map<string, LoadPoint[]>()
  for (const point of points) {
    const { offeredPerSecond, clients, saturated } = point
    const key = `${offeredPerSecond === null ? clients : perSecond(offeredPerSecond)} ${saturated}`
    groups.set(key, [...(groups.get(key) ?? []), point])
  }
  return [...groups.values()].map((runs) => ({ point: runs.length === 1 ? runs[0]! : middleOf(runs), runs: runs.length }))
}

function middleOf(runs: readonly LoadPoint[]): LoadPoint {
  const first = runs[0]!
  const middle = (of: (point: LoadPoint) => number | null): number | null => {
    const known = runs.flatMap((run) => of(run) ?? [])
    return known.length === 0 ? null : medianOf(known)
  }
  const sum = (of: (point: LoadPoint) => number) => runs.reduce((all, run) => all + of(run), 0)
  return {
    ...first,
    achievedPerSecond: middle(({ achievedPerSecond }) => achievedPerSecond)!,
    meanMs: middle(({ meanMs }) => meanMs),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p90Ms: middle(({ p90Ms }) => p90Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    intervals: { ...first.intervals, p99Ms: null },
    errors: sum(({ errors }) => errors),
    requests: sum(({ requests }) => requests),
  }
}
