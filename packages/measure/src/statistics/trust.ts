// How far a p50 can be trusted: one grade for every command that gives one, with the reasons that lower it.

export type Grade = 'A' | 'B' | 'C' | 'D'
const GRADES: readonly Grade[] = ['A', 'B', 'C', 'D']

/** Interval half widths for the grades, relative to the p50. */
const NARROW_INTERVAL = 0.05
const WIDE_INTERVAL = 0.15
const FEW_PROCESSES = 5
/** Fewest samples of a single process: fewer have no interval that means anything. */
const LEAST_SAMPLES = 3

/** What keeps a p50 from a better grade than this. */
export interface Reservation {
  readonly grade: Grade
  readonly reason: string
}

/** The worst of them; A if there are none. */
export function trustOf(reservations: readonly Reservation[]): { readonly trust: Grade; readonly reasons: string[] } {
  const worst = Math.max(0, ...reservations.map(({ grade }) => GRADES.indexOf(grade)))
  return { trust: GRADES[worst]!, reasons: reservations.map(({ reason }) => reason) }
}

/** What a p50 is from. */
export interface Basis {
  /** Processes that it is of, and all that were measured: others met the machine in another state. */
  readonly processes: number
  readonly measured: number
  readonly samples: number
  /** Half of its interval, relative to it. */
  readonly width: number
  /** What is timed: 'prediction', 'call'. */
  readonly unit: string
}

/** Reservations about a p50, from the number of processes and samples and the width of its interval. */
export function reservationsOf({ processes, measured, samples, width, unit }: Basis): readonly Reservation[] {
  const found: Reservation[] = []
  if (processes === 1 && samples < LEAST_SAMPLES)
    found.push({ grade: 'D', reason: `only ${samples === 1 ? `one ${unit} was` : `${samples} ${unit}s were`} timed` })
  if (measured === 1)
    found.push({
      grade: 'C',
      reason: 'only one process was measured, so the interval does not cover differences between processes',
    })
  else if (processes < FEW_PROCESSES) {
    const from = processes === 1 ? 'one process' : `${processes} processes`
    found.push({
      grade: processes < 3 ? 'C' : 'B',
      reason: `the median is from only ${from}; ${FEW_PROCESSES} are needed for a good grade`,
    })
  }
  if (width > NARROW_INTERVAL) {
    const percent = `±${(width * 100).toFixed(width < 0.1 ? 1 : 0)} %`
    const reason =
      measured === 1 ? `samples vary by ${percent} around the median` : `processes vary by ${percent} around the median`
    found.push({ grade: width > WIDE_INTERVAL ? 'D' : width > 2 * NARROW_INTERVAL ? 'C' : 'B', reason })
  }
  return found
}
