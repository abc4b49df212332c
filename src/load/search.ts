// The highest rate that holds an objective. Doubling until it fails, halving the bracket to 5 %, then runs of the candidate with other
// seeds in turns with runs just above it: one pass of a search is a draw of chance, and so is one run. The rate that is published held in
// every one of its five runs, as MLPerf's rules asked (LoadGen's FindPeakPerformance stops after the bisection); where one fails, the
// candidate goes down a step. Five draws all on one side of a bound are a harder test than the bound itself: by simulation (M/M/1, 3200
// requests a run) the rate would come out 11 % low. So a run that misses by less than its own interval is made longer before it counts as
// failed, up to four times as long: 3 % low. A run in which the generator was late is none: it is made again, and where it is late again the search ends.
import type { LoadFound, LoadSearch, LoadSearchRun } from '../report/documents/load.ts'
import { perSecond } from './facts.ts'
import { isUndecided, judge, leastFor, nameOf, type Objective } from './objective.ts'

/** What a run at a rate gives; `latencies` infinite where no good answer came. */
export interface SearchSample {
  readonly latencies: Float64Array
  readonly saturated: boolean
  /** The generator did not keep to its schedule, and whether the objective holds is not known. */
  readonly limited: boolean
}

/** `stage` 'alone': one request after another, `ratePerSecond` null. */
export type SearchRun = (ratePerSecond: number | null, seed: number, stage: LoadSearchRun['stage']) => Promise<SearchSample>

export interface Searched {
  readonly run: SearchRun
  /** Length of a confirming run at a rate. */
  readonly secondsAt: (ratePerSecond: number) => number
}

export interface SearchResult {
  readonly found: LoadFound | null
  readonly search: LoadSearch
}

/** What the bracket is halved to. */
const BRACKET = 1.05
/** From the candidate to the rate just above it. */
const STEP = 1.025
const CONFIRMING = 5
const MOST_DOUBLINGS = 20
const MOST_MOVES = 20
/** Of what one request after another reaches. */
const FIRST_SHARE = 0.4
/** Runs at a rate in which the generator is late, before that is how it is. */
const ATTEMPTS = 3
/** A confirming run that misses the objective by less than it is sure of becomes so many times as long at most. */
const LENGTHS = 4

export async function searchRate(
  objective: Objective,
  searched: Searched,
  firstSeed: number,
  startAt: number | null,
): Promise<SearchResult> {
  const tries = triesOf(objective, searched.run, firstSeed)
  const end = (ended: string, confirmed: Confirmed | null = null): SearchResult => {
    const found = confirmed === null ? null : foundOf(confirmed, tries.runs)
    const above = confirmed?.above ?? null
    return { found, search: { objective: objective.text, runs: tries.runs, confirmingRuns: CONFIRMING, above, ended } }
  }
  const isAlone = await tries.at(null, 'alone')
  const alone = tries.runs[0]!
  if (alone.requests === 0) return end('not one request was answered while one was asked after another')
  if (isAlone !== 'holds') return end('the objective does not even hold for one request after another')
  const { low, high, late } = await bracketOf(tries, startAt ?? FIRST_SHARE / aloneSeconds(alone, objective))
  if (late !== null) return end(generatorEnded(late, low))
  if (low === null) return end('the objective holds at none of the rates that were tried')
  if (high === null) return end(`the objective still held at ${perSecond(low)} requests/s, the most that was tried`)
  const length = searched.secondsAt(high)
  if (Math.round(high * length) < leastFor(objective)) return end(tooFew(objective, high, length))
  const halved = await halve(tries, low, high)
  if (halved.late !== null) return end(generatorEnded(halved.late, halved.low))
  const confirmed = await confirm(tries, halved.low, leastFor(objective))
  if (confirmed.kind === 'late') return end(generatorEnded(confirmed.ratePerSecond, confirmed.held))
  if (confirmed.kind === 'too-few')
    return end(tooFew(objective, confirmed.ratePerSecond, searched.secondsAt(confirmed.ratePerSecond)))
  if (confirmed.kind === 'none') return end('no rate near the one found held in five runs: make them longer (--seconds)')
  return end('confirmed', confirmed)
}

type Outcome = 'holds' | 'fails' | 'late'

interface Tries {
  readonly runs: LoadSearchRun[]
  newSeed(): number
  at(ratePerSecond: number | null, stage: LoadSearchRun['stage'], seed?: number): Promise<Outcome>
}

function triesOf(objective: Objective, run: SearchRun, firstSeed: number): Tries {
  const runs: LoadSearchRun[] = []
  let next = firstSeed
  const newSeed = () => next++
  const once = async (ratePerSecond: number | null, stage: LoadSearchRun['stage'], seed: number): Promise<Outcome> => {
    let { latencies, saturated, limited } = await run(ratePerSecond, seed, stage)
    const most = stage === 'confirm' || stage === 'above' ? LENGTHS : 1
    for (let length = 1; length < most && !saturated && !limited && isUndecided(objective, latencies); length++) {
      const more = await run(ratePerSecond, newSeed(), stage)
      latencies = joined(latencies, more.latencies)
      saturated = more.saturated
      limited = more.limited
    }
    const judged = judge(objective, latencies)
    const held = judged.held && !saturated && !limited
    const valueMs = saturated || limited ? null : judged.valueMs
    const late = limited ? { generatorLate: true } : {}
    runs.push({ stage, ratePerSecond, seed, requests: latencies.length, over: judged.over, valueMs, saturated, held, ...late })
    if (limited) return 'late'
    return held ? 'holds' : 'fails'
  }
  return {
    runs,
    newSeed,
    async at(ratePerSecond, stage, seed = newSeed()) {
      let outcome: Outcome = 'late'
      for (let attempt = 0; attempt < ATTEMPTS && outcome === 'late'; attempt++) outcome = await once(ratePerSecond, stage, seed)
      return outcome
    },
  }
}

function joined(first: Float64Array, second: Float64Array): Float64Array {
  const both = new Float64Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}

interface Bracket {
  /** Held; null: none did. */
  readonly low: number | null
  /** Did not; null: all did. */
  readonly high: number | null
  /** The rate at which the generator could no more; null: it could. */
  readonly late: number | null
}

/** A rate that holds and one that does not, a factor of two apart. */
async function bracketOf(tries: Tries, start: number): Promise<Bracket> {
  let low: number | null = null
  let high: number | null = null
  let late: number | null = null
  let rate = start
  for (let k = 0; k <= MOST_DOUBLINGS; k++) {
    const outcome = await tries.at(rate, 'bracket')
    if (outcome === 'holds') low = rate
    else if (outcome === 'fails') high = rate
    else late = rate
    if (low !== null && (high !== null || late !== null)) break
    rate = outcome === 'holds' ? rate * 2 : rate / 2
  }
  return { low, high, late: high === null ? late : null }
}

/** Until the bracket is narrow. */
async function halve(tries: Tries, from: number, to: number): Promise<{ low: number; late: number | null }> {
  let [low, high] = [from, to]
  while (high / low > BRACKET) {
    const middle = Math.sqrt(low * high)
    const outcome = await tries.at(middle, 'bisect')
    if (outcome === 'late') return { low, late: middle }
    if (outcome === 'holds') low = middle
    else high = middle
  }
  return { low, late: null }
}

interface Confirmed {
  readonly kind: 'confirmed'
  readonly ratePerSecond: number
  readonly runs: number
  readonly above: NonNullable<LoadSearch['above']>
}

type Confirming =
  | Confirmed
  | { readonly kind: 'late'; readonly ratePerSecond: number; readonly held: number | null }
  | { readonly kind: 'too-few'; readonly ratePerSecond: number }
  | { readonly kind: 'none' }

interface Tally {
  runs: number
  held: number
}

const isFailed = ({ runs, held }: Tally): boolean => held < runs
const isConfirmed = ({ held }: Tally): boolean => held === CONFIRMING

/** Moves by steps until a rate holds in each of its runs and the one above has failed. `least`: requests that a run takes. */
async function confirm(tries: Tries, start: number, least: number): Promise<Confirming> {
  const steps = new Map<number, Tally>()
  const rateOf = (step: number) => start * STEP ** step
  const tallyOf = (step: number): Tally => {
    const tally = steps.get(step) ?? { runs: 0, held: 0 }
    steps.set(step, tally)
    return tally
  }
  const highestConfirmed = (): number | null => {
    const confirmed = [...steps].filter(([, tally]) => isConfirmed(tally)).map(([step]) => step)
    return confirmed.length === 0 ? null : rateOf(Math.max(...confirmed))
  }
  let step = 0
  for (let move = 0; move < MOST_MOVES; move++) {
    const [own, above] = [tallyOf(step), tallyOf(step + 1)]
    for (let k = 0; k < CONFIRMING && !isFailed(own); k++) {
      const seed = tries.newSeed()
      for (const [at, stage] of [
        [step, 'confirm'],
        [step + 1, 'above'],
      ] as const) {
        const tally = tallyOf(at)
        if (isFailed(own) || isFailed(tally) || isConfirmed(tally)) continue
        const outcome = await tries.at(rateOf(at), stage, seed)
        if (outcome === 'late') return { kind: 'late', ratePerSecond: rateOf(at), held: highestConfirmed() }
        if (outcome === 'holds' && tries.runs.at(-1)!.requests < least) return { kind: 'too-few', ratePerSecond: rateOf(at) }
        tally.runs++
        if (outcome === 'holds') tally.held++
      }
    }
    if (!isConfirmed(own)) step--
    else if (isConfirmed(above)) step++
    else
      return {
        kind: 'confirmed',
        ratePerSecond: rateOf(step),
        runs: own.held,
        above: { ratePerSecond: rateOf(step + 1), ...above },
      }
  }
  return { kind: 'none' }
}

/** With the rates at which no run failed, and from which on none held, around it. */
function foundOf({ ratePerSecond: rate, runs: confirmed }: Confirmed, runs: readonly LoadSearchRun[]): LoadFound {
  const known = runs.filter(({ ratePerSecond, generatorLate }) => ratePerSecond !== null && generatorLate !== true)
  const failed = known.filter(({ held }) => !held).map(({ ratePerSecond }) => ratePerSecond!)
  const passed = known.filter(({ held }) => held).map(({ ratePerSecond }) => ratePerSecond!)
  const lowest = Math.min(...failed)
  const lower = passed.filter((one) => one < lowest && one <= rate)
  const highest = Math.max(...passed)
  const higher = failed.filter((one) => one > highest && one >= rate)
  return {
    ratePerSecond: rate,
    low: lower.length > 0 ? Math.max(...lower) : rate / STEP,
    high: higher.length > 0 ? Math.min(...higher) : Math.max(highest, rate) * STEP,
    confirmed,
  }
}

const aloneSeconds = ({ valueMs }: LoadSearchRun, { boundMs }: Objective): number => Math.min(valueMs || boundMs, boundMs) / 1000

const generatorEnded = (late: number, held: number | null): string =>
  `the generator ended the search: it did not keep to its schedule at ${perSecond(late)} requests/s` +
  (held === null ? '' : `, and the objective still held at ${perSecond(held)}`)

function tooFew(objective: Objective, rate: number, seconds: number): string {
  const least = leastFor(objective)
  return (
    `the rate is too low for a ${nameOf(objective)} in that time: it takes ${least} requests, and ${perSecond(rate)} requests/s` +
    ` are ${Math.round(rate * seconds)} in ${Number(seconds.toPrecision(3))} s; make the runs longer (--seconds ${Math.ceil(least / rate)})`
  )
}
