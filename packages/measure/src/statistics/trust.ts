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
    found.push({ grade: 'D', reason: `the p50 is from ${samples === 1 ? `one ${unit}` : `${samples} ${unit}s`} of one process` })
  if (measured === 1)
    found.push({ grade: 'C', reason: 'the p50 is from one process: its interval does not hold what differs between processes' })
  else if (processes < FEW_PROCESSES) {
    const from = processes === 1 ? 'one process' : `${processes} processes`
    found.push({ grade: processes < 3 ? 'C' : 'B', reason: `the p50 is from ${from}, not from ${FEW_PROCESSES}` })
  }
  if (width > NARROW_INTERVAL) {
    const percent = `±${(width * 100).toFixed(width < 0.1 ? 1 : 0)} %`
    const reason = measured === 1 ? `its interval is ${percent} of the p50` : `the processes differ by ${percent} of the p50`
    found.push({ grade: width > WIDE_INTERVAL ? 'D' : width > 2 * NARROW_INTERVAL ? 'C' : 'B', reason })
  }
  return found
}
