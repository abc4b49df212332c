// The shortlist: a first look at many candidates, each read once per round between two readings of the base, and who shows no gain is
// left out of the next round. It tells only whom to judge: nothing is kept or refused for good on one reading alone.

import { geometricMean } from '@whyslow/measure/statistics/index.ts'
import type { NotMeasured, Trial } from '@whyslow/measure/trials/port.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'
import { type Bench, type Deadline, isPast, type Reading } from './bench.ts'

/** Candidates between two readings of the base. */
const GROUP = 4
/** Score over the base's, above which a candidate is left out after the first round, and after the second. */
const FIRST_LIMIT = 1.02
const SECOND_LIMIT = 0.985
/** This many go into the second round. */
const SECOND_ROUND = 6
/** A candidate that is expected to save this share of the score is not left out for one reading that others disturbed. */
const HOPEFUL = 0.05
const HOPEFUL_LIMIT = 1.1

/** Score over the base's, up to which one look is promise enough: a speed-up of 1.1. */
export const PROMISING_RATIO = 1 / 1.1

/** A setup to look at, and the share of the base's score that it is expected to save; 0 if nothing is known. */
export interface ShortlistEntry {
  readonly setup: RemedySetup
  readonly expected: number
}

export interface FirstLook {
  /** Readings over the neighbouring readings of the base, by round. */
  readonly ratios: readonly number[]
  readonly expected: number
  readonly failure: NotMeasured | null
}

export interface LookPlan {
  readonly deadlineMs: Deadline
  readonly onRead: (done: number, of: number) => void
  /**
   * Called with the promising ones of a group, best first, before any other is read. They are not read again. Absent: nothing is done about
   * them.
   */
  readonly onPromising?: (promising: readonly Promising[]) => Promise<void>
}

export interface Promising {
  /** Place among the candidates. */
  readonly index: number
  readonly ratio: number
}

/** First looks in the candidates' order; those for which no time was left have neither ratios nor failure. */
export async function firstLooks(
  bench: Bench,
  base: RemedySetup,
  candidates: readonly ShortlistEntry[],
  plan: LookPlan,
): Promise<readonly FirstLook[]> {
  const first = await readOnce(bench, base, candidates, plan)
  const isLeft = (ratio: number) => plan.onPromising === undefined || ratio > PROMISING_RATIO
  const again = first
    .flatMap(({ ratios: [ratio], expected }, index) => (ratio === undefined ? [] : [{ index, ratio, expected }]))
    .filter(({ ratio }) => isLeft(ratio))
    .filter(({ ratio, expected }) => ratio <= (expected >= HOPEFUL ? HOPEFUL_LIMIT : FIRST_LIMIT))
    .sort((a, b) => a.ratio - a.expected - (b.ratio - b.expected))
    .slice(0, SECOND_ROUND)
    // The other way round, so that a drift of the machine meets both ends.
    .reverse()
  const setups = again.map(({ index }) => candidates[index]!)
  const { deadlineMs, onRead } = plan
  const second = await readOnce(bench, base, setups, { deadlineMs, onRead })
  return first.map((one, index) => {
    const other = second[again.findIndex((known) => known.index === index)]
    return other === undefined ? one : { ...one, ratios: [...one.ratios, ...other.ratios], failure: other.failure }
  })
}

/** Worth judging: every reading so far below the limit of its round. */
export function isShortlisted({ ratios, expected, failure }: FirstLook): boolean {
  if (failure !== null || ratios.length === 0) return false
  if (expected >= HOPEFUL) return geometricMean(ratios) <= HOPEFUL_LIMIT
  return geometricMean(ratios) <= (ratios.length > 1 ? SECOND_LIMIT : FIRST_LIMIT)
}

/** One reading of each, four of them between two of the base. */
export async function readOnce(
  bench: Bench,
  base: RemedySetup,
  candidates: readonly ShortlistEntry[],
  { deadlineMs, onRead, onPromising }: LookPlan,
): Promise<FirstLook[]> {
  const looks = candidates.map(({ expected }): FirstLook => ({ ratios: [], expected, failure: null }))
  let before: Trial<Reading> | null = null
  for (let start = 0; start < candidates.length && !isPast(deadlineMs, bench); start += GROUP) {
    before ??= await bench.measure(base)
    const group: Trial<Reading>[] = []
    for (const { setup } of candidates.slice(start, start + GROUP)) {
      group.push(await bench.measure(setup))
      onRead(start + group.length, candidates.length)
    }
    const after = await bench.measure(base)
    for (const [k, trial] of group.entries()) looks[start + k] = { ...looks[start + k]!, ...beside(trial, before, after) }
    before = after
    const promising = onPromising === undefined ? [] : promisingOf(looks, start)
    if (promising.length === 0) continue
    await onPromising!(promising)
    // Judging takes long: the next group needs a base of its own time.
    before = null
  }
  return looks
}

const promisingOf = (looks: readonly FirstLook[], start: number): Promising[] =>
  looks
    .flatMap(({ ratios: [ratio] }, index) =>
      index >= start && ratio !== undefined && ratio <= PROMISING_RATIO ? [{ index, ratio }] : [],
    )
    .sort((a, b) => a.ratio - b.ratio)

/** A reading compared with those of the base on both sides of it, or with the only one. */
function beside(
  trial: Trial<Reading>,
  before: Trial<Reading>,
  after: Trial<Reading>,
): Pick<FirstLook, 'failure'> | Pick<FirstLook, 'ratios'> {
  if (trial.outcome !== 'measured') return { failure: trial }
  const scores = [before, after].flatMap((one) => (one.outcome === 'measured' ? [one.value.score] : []))
  if (after.outcome !== 'measured' && scores.length === 0) return { failure: after }
  return { ratios: [trial.value.score / geometricMean(scores)] }
}
