// The highest rate that holds an objective. Doubling until it fails, halving the bracket to 5 %, then runs of the candidate with other
// seeds in turns with runs just above it: one pass of a search is a draw of chance, and so is one run. The rate that is published held in
// every one of its five runs, as MLPerf's rules asked (LoadGen's FindPeakPerformance stops after the bisection); where one fails, the
// candidate goes down a step. Five draws all on one side of a bound are a harder test than the bound itself: by simulation (M/M/1, 3200
// requests a run) the rate would come out 11 % low. So a run that misses by less than its own interval is made longer before it counts as
// failed, up to four times as long: 3 % low. Where the generator is late before the server is, the highest rate that held is confirmed,
// as the least that the server does. Where the time is used up, what held is told with the number of its confirming runs, which may be none.
import type { LoadFound, LoadSearch, LoadSearchRun } from '../report/documents/load.ts'
import { rateInWords } from '../report/text/numbers.ts'
import { CONFIRMING, type Confirmed, confirm, MOST_MOVES, STEP } from './confirm.ts'
import { leastFor, nameOf, type Objective } from './objective.ts'
import { type HasTimeFor, type SearchRun, type Tries, triesOf } from './tries.ts'

export interface Searched {
  readonly run: SearchRun
  /** Length of a confirming run at a rate. */
  readonly secondsAt: (ratePerSecond: number) => number
  /** Absent: there is always time. */
  readonly hasTimeFor?: HasTimeFor
  /** The rate to start at was seen to hold: it is confirmed at once. */
  readonly isNear?: boolean
}

export interface SearchResult {
  readonly found: LoadFound | null
  readonly search: LoadSearch
}

/** Why a search is at its end. */
type Ending = Pick<LoadSearch, 'ended' | 'longerSeconds'>

/** What the bracket is halved to. */
const BRACKET = 1.05
const MOST_DOUBLINGS = 20
/** Of what one request after another reaches. */
const FIRST_SHARE = 0.4
/** Of one request after another, before that is how it is: the machine may be disturbed for some seconds. */
const ALONE_RUNS = 3
/** Where the objective holds, all of so many requests are over its bound by this chance at most. */
const CHANCE = 0.01

export async function searchRate(
  objective: Objective,
  searched: Searched,
  firstSeed: number,
  startAt: number | null,
): Promise<SearchResult> {
  const { hasTimeFor = () => true } = searched
  const tries = triesOf(objective, searched.run, firstSeed, hasTimeFor)
  const end = (ending: string | Ending, confirmed: Confirmed | null = null): SearchResult => {
    const found = confirmed === null ? null : foundOf(confirmed, tries.runs)
    const above = confirmed?.above ?? null
    const told = typeof ending === 'string' ? { ended: ending } : ending
    return { found, search: { objective: objective.text, runs: tries.runs, confirmingRuns: CONFIRMING, above, ...told } }
  }
  const least = leastFor(objective)
  const confirmedFrom = async (from: number, { late, aboveIsKnown, isMost }: Above): Promise<SearchResult> => {
    const confirmed = await confirm(tries, { start: from, least, aboveIsKnown, hasTimeFor })
    if (confirmed.kind === 'late') return end(generatorEnded(confirmed.ratePerSecond, from))
    if (confirmed.kind === 'too-few')
      return end(tooFew(objective, confirmed.ratePerSecond, searched.secondsAt(confirmed.ratePerSecond)))
    if (confirmed.kind === 'none') return end({ ended: 'no rate near the one found held in five runs', longerSeconds: null })
    const cut = confirmed.kind === 'cut' ? heldOnce(tries.runs) : confirmed
    if (cut === null || cut.isCut) return end(cutAfter(cut?.runs ?? 0), cut)
    if (cut.above !== null) return end('confirmed', cut)
    return end(endedEarly(cut, late, isMost), cut)
  }
  const isTooFew = (rate: number) => Math.round(rate * searched.secondsAt(rate)) < least
  if (searched.isNear && startAt !== null) {
    if (isTooFew(startAt)) return end(tooFew(objective, startAt, searched.secondsAt(startAt)))
    return confirmedFrom(startAt, { late: null, aboveIsKnown: true, isMost: false })
  }
  const isHopeless = await failsAlone(tries, objective, hasTimeFor)
  const alone = tries.runs.at(-1)!
  if (alone.requests === 0) return end('not one request was answered while one was asked after another')
  if (isHopeless) return end('the objective does not even hold for one request after another')
  const hasTime = (rate: number, heldAt: number | null) => hasTimeFor(rate, heldAt === null ? 1 : 1 + CONFIRMING)
  const firstRate = startAt ?? FIRST_SHARE / aloneSeconds(alone, objective)
  const { low, high, late, tooLow, isCut } = await bracketOf(tries, firstRate, { isTooFew, hasTime })
  if (low === null && isCut) return end(cutAfter(0))
  if (low === null && late !== null) return end(generatorEnded(late, null))
  if (low === null && tooLow !== null) return end(tooFew(objective, tooLow, searched.secondsAt(tooLow)))
  if (low === null) return end('the objective holds at none of the rates that were tried')
  const most = high ?? low
  if (isTooFew(most)) return end(tooFew(objective, most, searched.secondsAt(most)))
  const halved = high === null ? { low, late } : await halve(tries, low, high, hasTime)
  const aboveIsKnown = isCut || (high !== null && halved.late === null)
  return confirmedFrom(halved.low, { late: halved.late, aboveIsKnown, isMost: high === null })
}

/** What is known above the rate that is to be confirmed. */
interface Above {
  readonly late: number | null
  readonly aboveIsKnown: boolean
  /** None failed. */
  readonly isMost: boolean
}

/** The highest rate that held below the lowest that failed, in no confirming run; null: there is none. */
function heldOnce(runs: readonly LoadSearchRun[]): Confirmed | null {
  const known = runs.filter(({ ratePerSecond, generatorLate }) => ratePerSecond !== null && generatorLate !== true)
  const failedFrom = Math.min(...known.filter(({ held }) => !held).map(({ ratePerSecond }) => ratePerSecond!))
  const held = known.map(({ ratePerSecond }) => ratePerSecond!).filter((rate) => rate < failedFrom)
  if (held.length === 0) return null
  return { kind: 'confirmed', ratePerSecond: Math.max(...held), runs: 0, above: null, lateAt: null, isCut: true }
}

const cutAfter = (runs: number): string =>
  `the time was used up with ${runs} of ${CONFIRMING} confirming runs${runs < CONFIRMING ? '' : ', before the rate above was known'}; give more (--budget)`

/** Why nothing is known above a rate that held. */
function endedEarly({ ratePerSecond, lateAt }: Confirmed, lateBefore: number | null, isMost: boolean): string | Ending {
  const late = lateAt ?? lateBefore
  if (late !== null) return generatorEnded(late, ratePerSecond)
  const held = `the objective still held at ${rateInWords(ratePerSecond)} requests/s`
  return isMost ? `${held}, the most that was tried` : { ended: `${held} after ${MOST_MOVES} steps`, longerSeconds: null }
}

/** Whether one request after another misses the objective; false where that is not known, too. Once again only where a run at a rate fits, too. */
async function failsAlone(tries: Tries, objective: Objective, hasTimeFor: HasTimeFor): Promise<boolean> {
  const mayBeOver = objective.share === null ? 0.5 : 1 - objective.share
  let known = 0
  for (let attempt = 0; attempt < ALONE_RUNS; attempt++) {
    if (attempt > 0 && !hasTimeFor(FIRST_SHARE / aloneSeconds(tries.runs.at(-1)!, objective), 1)) return false
    if ((await tries.at(null, 'alone')) === 'holds') return false
    const { requests, over } = tries.runs.at(-1)!
    if (requests === 0) return false
    if (over === requests && mayBeOver ** requests < CHANCE) return true
    known += requests
  }
  return known >= leastFor(objective)
}

interface Bracket {
  /** Held; null: none did. */
  readonly low: number | null
  /** Did not; null: all did. */
  readonly high: number | null
  /** The rate at which the generator could no more; null: it could. */
  readonly late: number | null
  /** The rate that would have been next, and has too few requests to be confirmed; null: none. */
  readonly tooLow: number | null
  /** There was no time for the next. */
  readonly isCut: boolean
}

interface Limits {
  readonly isTooFew: (rate: number) => boolean
  /** For a run, and for confirming what held. */
  readonly hasTime: (rate: number, heldAt: number | null) => boolean
}

/** A rate that holds and one that does not, a factor of two apart. */
async function bracketOf(tries: Tries, start: number, { isTooFew, hasTime }: Limits): Promise<Bracket> {
  let low: number | null = null
  let high: number | null = null
  let late: number | null = null
  let tooLow: number | null = null
  let rate = start
  let isCut = false
  for (let k = 0; k <= MOST_DOUBLINGS; k++) {
    isCut = !hasTime(rate, low)
    if (isCut) break
    const outcome = await tries.at(rate, 'bracket')
    if (outcome === 'holds') low = rate
    else if (outcome === 'fails') high = rate
    else late = rate
    if (low !== null && (high !== null || late !== null)) break
    rate = outcome === 'holds' ? rate * 2 : rate / 2
    if (outcome === 'holds' || !isTooFew(rate)) continue
    tooLow = rate
    break
  }
  return { low, high, late: high === null ? late : null, tooLow, isCut }
}

/** Until the bracket is narrow. */
async function halve(
  tries: Tries,
  from: number,
  to: number,
  hasTime: Limits['hasTime'],
): Promise<{ low: number; late: number | null }> {
  let [low, high] = [from, to]
  while (high / low > BRACKET) {
    const middle = Math.sqrt(low * high)
    if (!hasTime(middle, low)) break
    const outcome = await tries.at(middle, 'bisect')
    if (outcome === 'late') return { low, late: middle }
    if (outcome === 'holds') low = middle
    else high = middle
  }
  return { low, late: null }
}

/** With the rates at which no run failed, and from which on none held, around it. */
function foundOf({ ratePerSecond: rate, runs: confirmed, above, isCut }: Confirmed, runs: readonly LoadSearchRun[]): LoadFound {
  const rated = runs.filter(({ ratePerSecond }) => ratePerSecond !== null)
  const known = rated.filter(({ generatorLate }) => generatorLate !== true)
  const late = rated.filter(({ generatorLate }) => generatorLate === true).map(({ ratePerSecond }) => ratePerSecond!)
  const failed = known.filter(({ held }) => !held).map(({ ratePerSecond }) => ratePerSecond!)
  const passed = known.filter(({ held }) => held).map(({ ratePerSecond }) => ratePerSecond!)
  const lowest = Math.min(...failed)
  const lower = passed.filter((one) => one < lowest && one <= rate)
  const highest = Math.max(...passed)
  // Of at least a rate, up to where nothing is known.
  const higher = [...failed, ...(above === null ? late : [])].filter((one) => one > highest && one >= rate)
  const isBounded = isCut ? failed.some((one) => one > rate) : above !== null
  return {
    ratePerSecond: rate,
    low: lower.length > 0 ? Math.max(...lower) : rate / STEP,
    high: higher.length > 0 ? Math.min(...higher) : Math.max(highest, rate) * STEP,
    confirmed,
    ...(isBounded ? {} : { atLeast: true }),
  }
}

const aloneSeconds = ({ valueMs }: LoadSearchRun, { boundMs }: Objective): number => Math.min(valueMs || boundMs, boundMs) / 1000

const generatorEnded = (late: number, held: number | null): string =>
  `the generator ended the search: it did not keep to its schedule at ${rateInWords(late)} requests/s` +
  (held === null ? '' : `, and the objective still held at ${rateInWords(held)}`)

function tooFew(objective: Objective, rate: number, seconds: number): Ending {
  const least = leastFor(objective)
  const ended =
    `the rate is too low for a ${nameOf(objective)} in that time: it takes ${least} requests, and ${rateInWords(rate)} requests/s` +
    ` are ${Math.round(rate * seconds)} in ${Number(seconds.toPrecision(3))} s`
  return { ended, longerSeconds: Math.ceil(least / rate) }
}
