// The highest rate that holds an objective. Doubling until it fails, halving the bracket to 5 %, then runs of the candidate with other
// seeds in turns with runs just above it, judged together: one pass of a search is a draw of chance, and so is one run. MLPerf LoadGen's
// FindPeakPerformance stops after the bisection; its rules asked for five runs.
import type { LoadFound, LoadSearch, LoadSearchRun } from '../report/documents/load.ts'
import { judge, type Objective } from './objective.ts'

/** What a run at a rate gives; `latencies` infinite where no good answer came. */
export interface SearchSample {
  readonly latencies: Float64Array
  readonly saturated: boolean
}

/** `stage` 'alone': one request after another, `ratePerSecond` null. */
export type SearchRun = (ratePerSecond: number | null, seed: number, stage: LoadSearchRun['stage']) => Promise<SearchSample>

export interface SearchResult {
  readonly found: LoadFound | null
  readonly search: LoadSearch
}

/** The rate just above the candidate, and what the bracket is halved to. */
export const STEP = 1.05
const CONFIRMING = 5
const MOST_DOUBLINGS = 20
const MOST_MOVES = 8
/** Of what one request after another reaches. */
const FIRST_SHARE = 0.4

interface Pool {
  readonly samples: Float64Array[]
  saturated: number
  runs: number
  held: number
}

export async function searchRate(
  objective: Objective,
  run: SearchRun,
  firstSeed: number,
  startAt: number | null,
): Promise<SearchResult> {
  const runs: LoadSearchRun[] = []
  const pools = new Map<number, Pool>()
  let seed = firstSeed
  const tryAt = async (ratePerSecond: number | null, stage: LoadSearchRun['stage'], withSeed = seed++): Promise<boolean> => {
    const { latencies, saturated } = await run(ratePerSecond, withSeed, stage)
    const { held: below, valueMs, over } = judge(objective, latencies)
    const held = below && !saturated
    runs.push({
      stage,
      ratePerSecond,
      seed: withSeed,
      requests: latencies.length,
      over,
      valueMs: saturated ? null : valueMs,
      saturated,
      held,
    })
    if (ratePerSecond !== null && (stage === 'confirm' || stage === 'above')) {
      const pool = pools.get(ratePerSecond) ?? { samples: [], saturated: 0, runs: 0, held: 0 }
      pools.set(ratePerSecond, pool)
      pool.samples.push(latencies)
      pool.runs++
      if (saturated) pool.saturated++
      if (held) pool.held++
    }
    return held
  }
  const end = (ended: string, found: LoadFound | null, above: LoadSearch['above'] = null): SearchResult => ({
    found,
    search: { objective: objective.text, runs, confirmingRuns: CONFIRMING, above, ended },
  })

  if (!(await tryAt(null, 'alone'))) return end('the objective does not even hold for one request after another', null)
  const alone = runs[0]!
  const bracket = await bracketOf(tryAt, startAt ?? FIRST_SHARE / (aloneSeconds(alone, objective) || 1))
  if (bracket === null) return end('the objective holds at none of the rates that were tried', null)
  let [low, high] = bracket
  if (high === null) return end(`the objective still held at ${low} requests/s, the most that was tried`, null)
  while (high / low > STEP) {
    const middle = Math.sqrt(low * high)
    if (await tryAt(middle, 'bisect')) low = middle
    else high = middle
  }
  return confirm(low)

  /** Moves by steps until the pooled runs at a rate hold and those just above do not. */
  async function confirm(start: number): Promise<SearchResult> {
    let candidate = start
    for (let move = 0; move < MOST_MOVES; move++) {
      const above = candidate * STEP
      for (let k = 0; k < CONFIRMING; k++) {
        const shared = seed++
        if ((pools.get(candidate)?.runs ?? 0) < CONFIRMING) await tryAt(candidate, 'confirm', shared)
        if ((pools.get(above)?.runs ?? 0) < CONFIRMING) await tryAt(above, 'above', shared)
        if (k >= 1 && isHopeless(pools.get(candidate)!)) break
      }
      const holds = pooledHolds(objective, pools.get(candidate)!)
      const holdsAbove = pools.has(above) && pooledHolds(objective, pools.get(above)!)
      if (holds && !holdsAbove) {
        const pool = pools.get(candidate)!
        const next = pools.get(above)!
        const found = { ratePerSecond: candidate, ...intervalOf(candidate), confirmed: pool.held }
        return end('confirmed', found, { ratePerSecond: above, runs: next.runs, held: next.held })
      }
      candidate = holds ? above : candidate / STEP
    }
    return end('the runs at neighbouring rates contradict each other: make them longer (--seconds)', null)
  }

  /** Rates at which no run failed, and from which on none held, around the one found. */
  function intervalOf(rate: number): { low: number; high: number } {
    const held = runs.filter((one) => one.ratePerSecond !== null)
    const failed = held.filter((one) => !one.held).map((one) => one.ratePerSecond!)
    const passed = held.filter((one) => one.held).map((one) => one.ratePerSecond!)
    const lowest = Math.min(...failed)
    const lower = passed.filter((one) => one < lowest && one <= rate)
    const highest = Math.max(...passed)
    const higher = failed.filter((one) => one > highest && one >= rate)
    return {
      low: lower.length > 0 ? Math.max(...lower) : rate / STEP,
      high: higher.length > 0 ? Math.min(...higher) : Math.max(highest, rate) * STEP,
    }
  }
}

type Try = (ratePerSecond: number, stage: 'bracket') => Promise<boolean>

/** A rate that holds and one that does not, a factor of two apart; high null: none failed. null: none held. */
async function bracketOf(tryAt: Try, start: number): Promise<[number, number | null] | null> {
  let rate = start
  if (await tryAt(rate, 'bracket')) {
    for (let k = 0; k < MOST_DOUBLINGS; k++) {
      const next = rate * 2
      if (!(await tryAt(next, 'bracket'))) return [rate, next]
      rate = next
    }
    return [rate, null]
  }
  for (let k = 0; k < MOST_DOUBLINGS; k++) {
    const next = rate / 2
    if (await tryAt(next, 'bracket')) return [next, rate]
    rate = next
  }
  return null
}

const aloneSeconds = (alone: LoadSearchRun, { boundMs }: Objective): number => Math.min(alone.valueMs ?? boundMs, boundMs) / 1000

/** Not even most of the runs could still hold. */
const isHopeless = ({ runs, saturated }: Pool): boolean => runs >= 2 && saturated === runs

function pooledHolds(objective: Objective, { samples, saturated, runs }: Pool): boolean {
  if (2 * saturated >= runs) return false
  const pooled = new Float64Array(samples.reduce((sum, one) => sum + one.length, 0))
  let at = 0
  for (const one of samples) {
    pooled.set(one, at)
    at += one.length
  }
  return judge(objective, pooled).held
}
