// Points of a load run, in the order of what was asked.
import { perSecond } from '../format.ts'
import type { Load } from '../page-data.ts'

export type Point = Load['points'][number]
export type Percentile = 'p50Ms' | 'p90Ms' | 'p99Ms'

export const PERCENTILES: readonly { readonly key: Percentile; readonly title: string }[] = [
  { key: 'p50Ms', title: 'p50' },
  { key: 'p90Ms', title: 'p90' },
  { key: 'p99Ms', title: 'p99' },
]

/** The rate that was found held in all the runs that were to confirm it. */
export const isConfirmed = ({ found, search }: Pick<Load, 'found' | 'search'>): boolean =>
  found !== null && search !== null && found.confirmed >= search.confirmingRuns

/** Clients that wait for their answers, in place of a rate. */
export const isClosed = (points: readonly Point[]): boolean => points.some(({ clients }) => clients !== null)

/** What was requested: requests a second, or clients. */
export const requestedLoad = ({ offeredPerSecond, clients }: Point): number => offeredPerSecond ?? clients ?? 0

export const requestedLoadText = ({ offeredPerSecond, clients }: Point): string =>
  offeredPerSecond === null ? `${clients ?? 'no'} clients` : `${perSecond(offeredPerSecond)} requests/s`

export const inOrder = (points: readonly Point[]): readonly Point[] =>
  [...points].sort((a, b) => requestedLoad(a) - requestedLoad(b))

const GOAL = /^\s*(?:p(\d{1,2}(?:\.\d+)?)|mean|median|avg)\s*<=?\s*(\d+(?:\.\d+)?|\.\d+)\s*(us|µs|ms|s)\s*$/i
const UNIT_MS: Readonly<Record<string, number>> = { us: 1e-3, µs: 1e-3, ms: 1, s: 1000 }

/** The bound of an objective as it was typed ('p99<20ms,errors<1%'), ms; null if it is of another kind. */
export function boundOf(objective: string): number | null {
  const found = objective.split(',').flatMap((part) => GOAL.exec(part) ?? [])
  const [, , number, unit] = found
  return number === undefined || unit === undefined ? null : Number(number) * UNIT_MS[unit.toLowerCase()]!
}
