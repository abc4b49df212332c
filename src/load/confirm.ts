// From the rate that halving left to the one that is published: five runs of it in turns with the rate just above. Down a step where one
// of the five fails, up where the rate above holds five times, too. Where the generator is late above, or the moves are used up, what held
// five times is known all the same: as the least that the server does. Where the time is used up, what held in fewer runs is known for just that.
import type { LoadSearch } from '../report/documents/load.ts'
import type { HasTimeFor, Outcome, Tries } from './tries.ts'

/** From the candidate to the rate just above it. */
export const STEP = 1.025
export const CONFIRMING = 5
export const MOST_MOVES = 20
/** After as many steps up each is twice the one before: halving went wrong far below. */
const SINGLE_CLIMBS = 2
/** Where fewer runs fit, steps down are twice as long, or four times, to a rate above which one is known to fail. */
const ROOMY_RUNS = 20
const FEW_RUNS = 10
/** Steps down, each twice the one before, where the generator is late at the candidate itself. */
const MOST_LATE = 4

export interface Confirmed {
  readonly kind: 'confirmed'
  readonly ratePerSecond: number
  readonly runs: number
  /** null: of higher rates nothing is known. */
  readonly above: LoadSearch['above']
  /** The lowest rate at which the generator was late. */
  readonly lateAt: number | null
  /** The time was used up before the rate above had failed, or before all runs of this one. */
  readonly isCut: boolean
}

export type Confirming =
  | Confirmed
  | { readonly kind: 'late'; readonly ratePerSecond: number }
  | { readonly kind: 'too-few'; readonly ratePerSecond: number }
  | { readonly kind: 'none' }
  /** The time was used up before one run held. */
  | { readonly kind: 'cut' }

interface Tally {
  runs: number
  held: number
}

const isFailed = ({ runs, held }: Tally): boolean => held < runs
const isConfirmed = ({ held }: Tally): boolean => held === CONFIRMING

interface Climb {
  readonly start: number
  /** Requests that a run takes. */
  readonly least: number
  /** Whether a rate above the first can be tried. */
  readonly aboveIsKnown: boolean
  readonly hasTimeFor: HasTimeFor
}

/** Moves by steps until a rate holds in each of its runs and the one above has failed, or cannot be tried. */
export async function confirm(tries: Tries, { start, least, aboveIsKnown, hasTimeFor }: Climb): Promise<Confirming> {
  const steps = new Map<number, Tally>()
  const rateOf = (step: number) => start * STEP ** step
  const tallyOf = (step: number): Tally => {
    const tally = steps.get(step) ?? { runs: 0, held: 0 }
    steps.set(step, tally)
    return tally
  }
  /** From this step on the generator is late, or nothing is tried. */
  let unknownFrom = aboveIsKnown ? Number.POSITIVE_INFINITY : 1
  let lateAt: number | null = null
  const confirmed = (step: number, above: LoadSearch['above'], isCut = false): Confirmed => ({
    kind: 'confirmed',
    ratePerSecond: rateOf(step),
    runs: tallyOf(step).held,
    above,
    lateAt,
    isCut,
  })
  /** Of the rates below the lowest that failed, the one that held in most runs, and the highest of those. */
  const cut = (): Confirming => {
    const failed = [...steps].filter(([, tally]) => isFailed(tally)).sort(([a], [b]) => a - b)[0]
    const held = [...steps].filter(([at, tally]) => tally.held > 0 && (failed === undefined || at < failed[0]))
    const best = held.sort(([a, one], [b, other]) => other.held - one.held || b - a)[0]
    if (best === undefined) return { kind: 'cut' }
    return confirmed(best[0], failed === undefined ? null : { ratePerSecond: rateOf(failed[0]), ...failed[1] }, true)
  }
  const once = async (step: number, stage: 'confirm' | 'above', seed: number): Promise<Outcome | 'too-few' | 'no-time'> => {
    if (!hasTimeFor(rateOf(step), 1)) return 'no-time'
    const outcome = await tries.at(rateOf(step), stage, seed)
    if (outcome === 'late') {
      unknownFrom = Math.min(unknownFrom, step)
      lateAt = Math.min(lateAt ?? Number.POSITIVE_INFINITY, rateOf(step))
      return outcome
    }
    if (outcome === 'holds' && tries.runs.at(-1)!.requests < least) return 'too-few'
    const tally = tallyOf(step)
    tally.runs++
    if (outcome === 'holds') tally.held++
    return outcome
  }
  let [step, stride, gap, climbs, late] = [0, 1, 1, 0, 0]
  let narrows = false
  for (let move = 0; move < MOST_MOVES; move++) {
    const next = step + Math.max(stride, gap)
    const [own, above] = [tallyOf(step), tallyOf(next)]
    for (let k = 0; k < CONFIRMING && !isFailed(own) && step < unknownFrom; k++) {
      const seed = tries.newSeed()
      for (const [at, stage] of [
        [step, 'confirm'],
        [next, 'above'],
      ] as const) {
        const tally = tallyOf(at)
        if (isFailed(own) || isFailed(tally) || isConfirmed(tally) || at >= unknownFrom) continue
        // The runs of the candidate go first.
        if (at === next && !isConfirmed(own) && !hasTimeFor(rateOf(at), 1 + CONFIRMING - own.held)) continue
        const outcome = await once(at, stage, seed)
        if (outcome === 'too-few') return { kind: 'too-few', ratePerSecond: rateOf(at) }
        if (outcome === 'no-time') return cut()
      }
    }
    if (step >= unknownFrom) {
      if (++late > MOST_LATE) return { kind: 'late', ratePerSecond: rateOf(step) }
      step -= 2 ** (late - 1)
    } else if (!isConfirmed(own)) {
      gap = hasTimeFor(rateOf(step), ROOMY_RUNS) ? 1 : hasTimeFor(rateOf(step), FEW_RUNS) ? 2 : 4
      step -= gap
    } else if (next < unknownFrom && isConfirmed(above)) {
      step = next
      gap = 1
      if (++climbs >= SINGLE_CLIMBS && !narrows) stride *= 2
    } else if (stride > 1) {
      narrows = true
      stride /= 2
    } else {
      const isOpen = next < unknownFrom
      const known = isOpen && above.runs > 0 ? { ratePerSecond: rateOf(next), ...above } : null
      return confirmed(step, known, isOpen && !isFailed(above))
    }
  }
  const held = [...steps].filter(([, tally]) => isConfirmed(tally)).map(([at]) => at)
  return held.length === 0 ? { kind: 'none' } : confirmed(Math.max(...held), null)
}
