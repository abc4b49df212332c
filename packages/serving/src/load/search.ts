// The highest rate that holds an objective. Two bisections: with one run a rate to come near, then with five runs a rate, which are judged
// together. One run is a draw of chance, and a pass of a bisection another; to ask that each of five runs holds is a harder test than the
// objective (by simulation the rate comes out 11 % low). A rate fails as soon as its runs so far, taken together, miss by more than their
// interval. If the generator is late before the server is, the highest rate that held is confirmed, as the least that the server does. If the
// time is used up, what held is given with the number of its confirming runs, which may be none.

import { average } from '@whyslow/measure/statistics/index.ts'
import { rateInWords } from '@whyslow/measure/statistics/numbers.ts'
import type { LoadFound, LoadSearch, LoadSearchRun } from '@whyslow/report/documents/load.ts'
import { type Bracket, narrowBracket, type Outcome } from './narrow.ts'
import { leastFor, nameOf, type Objective } from './objective.ts'
import { type HasTimeFor, type PooledRuns, type SearchRun, type Tries, triesOf } from './rate-runs.ts'

export interface SearchPlan {
  readonly run: SearchRun
  /** Length of a confirming run at a rate. */
  readonly secondsAt: (ratePerSecond: number) => number
  /** Absent: there is always time. */
  readonly hasTimeFor?: HasTimeFor
  readonly firstSeed: number
  /** null: by what one request after another takes. */
  readonly startAt: number | null
  /** The rate to start at was seen to hold: it is confirmed at once. */
  readonly isNear?: boolean
}

export interface SearchResult {
  readonly found: LoadFound | null
  readonly search: LoadSearch
}

/** Why a search is at its end. */
type Ending = Pick<LoadSearch, 'ended' | 'longerSeconds' | 'undecided'>

const CONFIRMING_RUNS = 5
const NEAR = { growth: [1.5, 2], ratio: 1.2, mostProbes: 20 }
const CONFIRMED = { growth: [1.05, 1.05, 1.1, 1.2, 1.5, 2], ratio: 1.05, mostProbes: 20 }
const STEP = CONFIRMED.ratio
/** If the lowest failing rate is more than this factor above the rate, the rate is not called the highest. */
const WIDE = 1.25
/** Share of the rate that one request after another reaches. */
const FIRST_SHARE = 0.5
/** Runs of one request after another that miss the objective, before it holds at no rate: a machine may be disturbed for some seconds. */
const ALONE_RUNS = 3
/** If the objective holds, all of this many requests are over its bound by this chance at most. */
const CHANCE = 0.01

export async function searchRate(objective: Objective, plan: SearchPlan): Promise<SearchResult> {
  const { hasTimeFor = () => true, secondsAt, startAt } = plan
  const tries = triesOf(objective, plan.run, plan.firstSeed, hasTimeFor)
  const end = (ending: string | Ending, found: LoadFound | null = null): SearchResult => {
    const told = typeof ending === 'string' ? { ended: ending } : ending
    return {
      found,
      search: {
        objective: objective.text,
        runs: tries.runs,
        confirmingRuns: CONFIRMING_RUNS,
        above: aboveOf(tries, found),
        ...told,
      },
    }
  }
  let isCut = false
  let tooLow: number | null = null
  const isTooLow = (rate: number): boolean => {
    const isFew = Math.round(rate * secondsAt(rate)) < leastInRun(objective)
    if (isFew) tooLow = rate
    return isFew
  }
  let cutRate: number | null = null
  const isOver = (rate: number, runs: number): boolean => {
    isCut = !hasTimeFor(rate, runs)
    if (isCut) cutRate = rate
    return isCut
  }
  const cut = (runs: number): string => {
    const needs = cutRate === null ? 0 : Math.ceil(leastInRun(objective) / cutRate)
    return cutAfter(runs, cutRate !== null && needs > secondsAt(cutRate) ? needs : null)
  }
  const none = (late: number | null, why: string): SearchResult => {
    const undecided = true
    if (isCut) return end({ ended: cut(0), undecided })
    if (late !== null) return end({ ended: generatorEnded(late, null), undecided })
    return end(tooLow === null ? why : { ...tooFewRequests(objective, tooLow, secondsAt(tooLow)), undecided })
  }
  let start = startAt ?? 0
  let near: Bracket | null = null
  if (plan.isNear !== true || startAt === null) {
    const isHopeless = await failsAlone(tries, objective, hasTimeFor)
    if (tries.last().length === 0) return end('not one request was answered while one was asked after another')
    if (isHopeless) return end('the objective does not even hold for one request after another')
    // Not a number if none of them got a good answer.
    const aloneMs = average(tries.last().filter(Number.isFinite)) || objective.boundMs
    start = startAt ?? (FIRST_SHARE * 1000) / Math.min(aloneMs, objective.boundMs)
    near = await narrowBracket(
      start,
      async (rate, { low, high }) => {
        if (high !== null && isTooLow(rate)) return null
        if (isOver(rate, low === null ? 1 : 1 + CONFIRMING_RUNS)) return null
        return tries.at(rate, low === null || high === null ? 'bracket' : 'bisect')
      },
      NEAR,
    )
    if (near.low === null) return none(near.late, 'the objective holds at none of the rates that were tried')
    start = near.low
  }
  // Nothing can be known above the first rate that holds if nothing above it failed.
  const isMost = near !== null && near.high === null && !isCut
  isCut = false
  const confirmed = await narrowBracket(
    start,
    async (rate, { low, high }) => {
      if (low !== null && high === null && isMost) return null
      return confirm(tries, rate, low === null ? 'confirm' : 'above', () => !isTooLow(rate) && !isOver(rate, 1))
    },
    CONFIRMED,
  )
  const late = confirmed.late ?? near?.late ?? null
  const found = confirmed.low !== null || isCut ? foundOf(tries, { ...confirmed, late }) : null
  if (found === null || (tooLow !== null && confirmed.low === null))
    return none(late, 'no rate near the one found held in five runs')
  if (found.confirmed < CONFIRMING_RUNS) return end(cut(found.confirmed), found)
  if (found.atLeast !== true)
    return end(isCut && found.high > WIDE * found.ratePerSecond ? cut(found.confirmed) : 'confirmed', found)
  if (late !== null) return end(generatorEnded(late, found.ratePerSecond), found)
  if (isCut) return end(cut(found.confirmed), found)
  return end(`the objective still held at ${rateInWords(found.ratePerSecond)} requests/s, the most that was tried`, found)
}

/** Requests that a run takes: the five runs of a rate together have two and a half times as many as its percentile takes. */
export const leastInRun = (objective: Objective): number => Math.ceil(leastFor(objective) / 2)

const CONFIRMING: readonly LoadSearchRun['stage'][] = ['confirm', 'above']

/** Five runs of a rate; fewer if they fail before, or the generator is late. */
async function confirm(
  tries: Tries,
  rate: number,
  stage: 'confirm' | 'above',
  isPossible: () => boolean,
): Promise<Outcome | null> {
  const pooled = () => tries.pooled(rate, CONFIRMING)
  while (pooled().runs < CONFIRMING_RUNS) {
    if (!isPossible()) return null
    const outcome = await tries.at(rate, stage)
    if (outcome === 'late') return 'late'
    if (outcome === 'fails' && !pooled().held && pooled().isSure) return 'fails'
  }
  return pooled().held ? 'holds' : 'fails'
}

/** The rate with the interval around it, or of the rates below the lowest that failed the one that held in most confirming runs; null: none. */
function foundOf(tries: Tries, { low, high, late }: Bracket): LoadFound | null {
  const rates = [
    ...new Set(tries.runs.flatMap(({ ratePerSecond: rate, generatorLate }) => (rate === null || generatorLate ? [] : [rate]))),
  ]
  const known = rates
    .sort((a, b) => a - b)
    .map((rate) => ({ all: tries.pooled(rate), confirming: tries.pooled(rate, CONFIRMING) }))
  const failed = known.filter(({ all, confirming }) => !(confirming.runs > 0 ? confirming : all).held)
  const below = known.filter(
    ({ all }) =>
      all.held &&
      all.ratePerSecond < Math.min(high ?? Number.POSITIVE_INFINITY, failed[0]?.all.ratePerSecond ?? Number.POSITIVE_INFINITY),
  )
  const best = below.sort((a, b) => b.confirming.runs - a.confirming.runs || b.all.ratePerSecond - a.all.ratePerSecond)[0]
  const rate = low ?? best?.all.ratePerSecond
  if (rate === undefined) return null
  const missed = known.map(({ all }) => all).filter((all) => !all.held && all.ratePerSecond > rate)
  const isBounded = Math.min(...missed.map((one) => one.ratePerSecond)) < (late ?? Number.POSITIVE_INFINITY)
  const held = known.map(({ all }) => all).filter((all) => all.held && all.ratePerSecond < rate)
  const margin = ({ isSure }: PooledRuns) => (isSure ? STEP : STEP ** 3)
  return {
    ratePerSecond: rate,
    low: held.length > 0 ? Math.max(...held.map((one) => one.ratePerSecond / margin(one))) : rate / STEP ** 3,
    high: isBounded ? Math.min(...missed.map((one) => one.ratePerSecond * margin(one))) : (late ?? rate * STEP),
    confirmed: tries.pooled(rate, CONFIRMING).runs,
    ...(isBounded ? {} : { atLeast: true }),
  }
}

/** Result of the confirming runs at the lowest rate above the one found. */
function aboveOf(tries: Tries, found: LoadFound | null): LoadSearch['above'] {
  const above = tries.runs.filter(
    ({ stage, ratePerSecond, generatorLate }) =>
      found !== null && generatorLate !== true && CONFIRMING.includes(stage) && ratePerSecond! > found.ratePerSecond,
  )
  if (above.length === 0) return null
  const lowest = Math.min(...above.map(({ ratePerSecond }) => ratePerSecond!))
  const own = above.filter(({ ratePerSecond }) => ratePerSecond === lowest)
  return { ratePerSecond: lowest, runs: own.length, held: own.filter(({ held }) => held).length }
}

/** A search takes about this many runs. */
const RUNS_OF_A_SEARCH = 15

/** `longerSeconds`: the length that a run needs at a rate that low; null: runs are long enough, and only the search needs more time. */
const cutAfter = (runs: number, longerSeconds: number | null): string =>
  `the time was used up with ${runs} of ${CONFIRMING_RUNS} confirming runs${runs < CONFIRMING_RUNS ? '' : ', before the rate above was known'}; ${moreTime(longerSeconds)}`

function moreTime(longerSeconds: number | null): string {
  if (longerSeconds === null) return 'give more (--budget)'
  return `at a rate that low, give longer runs and more time (${longerRuns(longerSeconds)})`
}

/** The flags of a search whose runs take this long: longer runs alone would not fit the time of a search. */
export const longerRuns = (seconds: number): string =>
  `--duration ${seconds} --budget ${Math.ceil((RUNS_OF_A_SEARCH * seconds) / 60)}m`

/** Whether one request after another misses the objective; false if that is not known, too. Made again only if a run at a rate fits, too. */
async function failsAlone(tries: Tries, objective: Objective, hasTimeFor: HasTimeFor): Promise<boolean> {
  const mayBeOver = objective.share === null ? 0.5 : 1 - objective.share
  let known = 0
  for (let attempt = 0; attempt < ALONE_RUNS; attempt++) {
    if (attempt > 0 && !hasTimeFor(1000 / objective.boundMs, 1)) return false
    if ((await tries.at(null, 'alone')) === 'holds') return false
    const { requests, over } = tries.runs.at(-1)!
    if (requests === 0) return false
    if (over === requests && mayBeOver ** requests < CHANCE) return true
    known += requests
  }
  return known >= leastFor(objective)
}

const generatorEnded = (late: number, held: number | null): string =>
  `the generator ended the search: it did not keep to its schedule at ${rateInWords(late)} requests/s` +
  (held === null ? '' : `, and the objective still held at ${rateInWords(held)}`)

function tooFewRequests(objective: Objective, rate: number, seconds: number): Ending {
  const least = leastInRun(objective)
  const ended =
    `the rate is too low for a ${nameOf(objective)} in that time: it takes ${least} requests a run, and ${rateInWords(rate)} requests/s` +
    ` are ${Math.round(rate * seconds)} in ${Number(seconds.toPrecision(3))} s`
  return { ended, longerSeconds: Math.ceil(least / rate) }
}

export interface RoughPlan extends Omit<SearchPlan, 'secondsAt' | 'isNear'> {
  readonly hasTimeFor: HasTimeFor
  readonly startAt: number
  /** Lower rates than the start are of no interest. */
  readonly isLeast: boolean
}

const ROUGH = { growth: [1.2, 1.5, 2], ratio: 1.06, mostProbes: 16 }
/** Far below what a server answers at most, short runs have too few requests to show that an objective fails. */
const LOWEST_SHARE = 1 / 12

/**
 * The bracket that one short run a rate gives, to tell set-ups of a server apart: no run confirms it. A set-up that does not hold the least rate
 * of interest costs one run, or two if the first is not sure.
 */
export async function roughRate(
  objective: Objective,
  plan: RoughPlan,
): Promise<Bracket & { readonly runs: readonly LoadSearchRun[] }> {
  const { run, firstSeed, hasTimeFor, startAt, isLeast } = plan
  const tries = triesOf(objective, run, firstSeed, hasTimeFor)
  const lowest = isLeast ? startAt : startAt * LOWEST_SHARE
  const bracket = await narrowBracket(
    startAt,
    async (rate, { low, high }) => {
      if (rate < lowest || !hasTimeFor(rate, 1)) return null
      const outcome = await tries.at(rate, low === null || high === null ? 'bracket' : 'bisect')
      const isOpen = isLeast && rate === startAt && outcome === 'fails' && !tries.pooled(rate).isSure && hasTimeFor(rate, 1)
      return isOpen ? tries.at(rate, 'bracket') : outcome
    },
    ROUGH,
  )
  return { ...bracket, runs: tries.runs }
}
