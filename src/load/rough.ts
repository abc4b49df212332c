// The highest rate that one short run each holds, to tell set-ups of a server apart: no run confirms it. A set-up that does not hold what
// another one holds costs one run, or two where the first is not clear.
import type { LoadSearchRun } from '../report/documents/load.ts'
import type { Objective } from './objective.ts'
import { type HasTimeFor, type SearchRun, triesOf } from './tries.ts'

export interface RoughStart {
  readonly firstSeed: number
  readonly startAt: number
  /** It starts there, and lower rates are of no interest. */
  readonly isLeast: boolean
}

export interface Rough {
  /** Held; null: none did. */
  readonly low: number | null
  /** Did not; null: none is known that did not. */
  readonly high: number | null
  /** The lowest rate at which the generator was late; null: it was not. */
  readonly late: number | null
  readonly runs: readonly LoadSearchRun[]
}

/** What the bracket is halved to. */
const BRACKET = 1.06
/** From a rate that held to the next, and from one that did not: the start is near. */
const UP = [1.2, 1.5, 2]
/** To a twelfth in all: so far below what a server answers at most, short runs have too few requests to show that an objective fails. */
const DOWN = [1.25, 1.6, 2.5, 2.5]
const MOST_RUNS = 16
/** A value so many times the bound leaves no doubt. */
const CLEAR = 1.5

export async function roughRate(
  objective: Objective,
  { run, hasTimeFor }: { readonly run: SearchRun; readonly hasTimeFor: HasTimeFor },
  { firstSeed, startAt, isLeast }: RoughStart,
): Promise<Rough> {
  const tries = triesOf(objective, run, firstSeed, hasTimeFor)
  let low: number | null = null
  let high: number | null = null
  let late: number | null = null
  const goesOn = (rate: number) => tries.runs.length < MOST_RUNS && hasTimeFor(rate, 1)
  /** Whether it is known whether the rate holds. */
  const asked = async (rate: number): Promise<boolean> => {
    const outcome = await tries.at(rate, low !== null && high !== null ? 'bisect' : 'bracket')
    if (outcome === 'holds') low = rate
    if (outcome === 'fails') high = rate
    if (outcome === 'late') late = Math.min(late ?? rate, rate)
    return outcome !== 'late'
  }
  const isDoubtful = () => {
    const { saturated, valueMs } = tries.runs.at(-1)!
    return !saturated && valueMs !== null && valueMs < CLEAR * objective.boundMs
  }
  const end = () => ({ low, high, late, runs: tries.runs })
  if (!goesOn(startAt) || (!(await asked(startAt)) && isLeast)) return end()
  if (isLeast && low === null) {
    if (!isDoubtful() || !goesOn(startAt) || !(await asked(startAt)) || low === null) return end()
    high = null
  }
  // What the generator is too late for at first is taken as what does not hold: it is in time for less.
  const top = () => Math.min(high ?? late!, late ?? high!)
  for (let k = 0; low === null || (high === null && late === null); k++) {
    if (low === null && k === DOWN.length) return end()
    const next: number = low === null ? top() / DOWN[k]! : low * UP[Math.min(k, UP.length - 1)]!
    if (!goesOn(next) || (!(await asked(next)) && low !== null)) return end()
  }
  for (let middle = between(low, top()); top() / low > BRACKET && goesOn(middle); middle = between(low, top()))
    if (!(await asked(middle))) break
  return end()
}

const between = (low: number, high: number): number => Math.sqrt(low * high)
