// Workers × threads × batching by measurement, within a time that is told beforehand. Every way to share the CPUs is served as
// it would be shipped and looked at once (`rough-look.ts`): what it answers at most, and the rate that short runs hold. One that does
// not hold what another one holds is left at that, mostly after one run. First without joining requests, then with as many rows as pay for
// the whole server: it must hold more, and lose nothing at low load. Where rows are cheap together, the best is tried with a delay, in
// which an incomplete batch waits for others. Only the one that is left is confirmed, as `load --slo` does.
import { InputError } from '@whyslow/graph/input-error.ts'
import { rateInWords } from '@whyslow/measure/statistics/numbers.ts'
import { parseObjective } from '../../../load/objective.ts'
import { delayToTry } from '../../../serve/batch-cost.ts'
import { isSimpler, losesAtLowLoad, lowLoadSeconds, lowRate } from './low-load.ts'
import type { Row, ServingReport, ServingRuns, ServingSetup } from './types.ts'

/** Share of the time for looks: none begins after it, nor if the longest so far would not fit. The rest confirms. */
const LOOKS_SHARE = 0.6
/** Share of the time: one look that took longer keeps no other from being begun. */
const LONGEST_SHARE = 1 / 4
/** A set-up that is less simple must hold so much more. */
const CLEARLY_MORE = 1.03
const USED_UP = 'the time was used up; give more (--budget)'
const noTime = (setup: ServingSetup): string => `not tried${isJoined(setup) ? ' with requests joined' : ''}: ${USED_UP}`

/** Every split of the CPUs, and one that leaves a CPU to the thread that speaks HTTP; each with and without joining. */
export function servingSetups(cpus: number, takesThreads: boolean): readonly ServingSetup[] {
  const divisors = Array.from({ length: cpus }, (_, k) => cpus - k).filter((workers) => cpus % workers === 0)
  const splits = takesThreads
    ? [
        ...divisors.map((workers) => ({ workers, threads: cpus / workers })),
        ...(cpus > 1 ? [{ workers: cpus - 1, threads: 1 }] : []),
      ]
    : [...new Set([cpus, Math.max(1, cpus - 1), 1])].map((workers) => ({ workers, threads: null }))
  return splits.flatMap((split) => [1, 'auto' as const].map((maxBatch) => ({ ...split, maxBatch, batchDelayMs: 0 })))
}

const isJoined = ({ maxBatch }: ServingSetup): boolean => maxBatch !== 1

interface Best {
  readonly at: number
  readonly setup: ServingSetup
  readonly rate: number
}

/** The time begins with the call. */
export async function searchServing(slo: string, setups: readonly ServingSetup[], runs: ServingRuns): Promise<ServingReport> {
  const { boundMs } = parseObjective(slo)
  const start = runs.leftSeconds()
  const hasSeconds = (seconds: number) => runs.leftSeconds() - seconds >= (1 - LOOKS_SHARE) * start
  const rows: Row[] = []
  const costs: Costs[] = []
  let best: Best | null = null
  /** Holds, and answers later than one by one at low load, or was not compared there: better than none. */
  let lost: Best | null = null
  let longest = 0
  const lookOnce = async (setup: ServingSetup, known: Partial<Row>): Promise<void> => {
    const at = rows.length
    const untried: Row = { ...rowOf(setup), ...known }
    rows.push({ ...untried, why: noTime(setup) })
    costs.push([])
    if (!hasSeconds(best === null ? 0 : Math.min(longest, LONGEST_SHARE * start))) return
    const compared = isJoined(setup) ? { ...untried, maxBatch: Number.POSITIVE_INFINITY } : untried
    const least: number | null = best === null ? null : best.rate * (isSimpler(compared, rows[best.at]!) ? 1 : CLEARLY_MORE)
    const { row, batchCosts } = await looked(setup, untried, { runs, slo, least, hasSeconds })
    rows[at] = row
    costs[at] = batchCosts
    if (row.found === null) return
    const seen: Best = { at, setup, rate: row.found.ratePerSecond }
    const why = await whyLost(row, runs.load, hasSeconds)
    if (why !== null) {
      rows[at] = { ...row, why }
      if (lost === null || seen.rate > lost.rate) lost = seen
      return
    }
    if (best !== null) rows[best.at] = { ...rows[best.at]!, why: 'another set-up holds more, or as much and is simpler' }
    best = seen
  }
  const look = async (setup: ServingSetup, known: Partial<Row> = {}): Promise<void> => {
    const left = runs.leftSeconds()
    await lookOnce(setup, known)
    longest = Math.max(longest, left - runs.leftSeconds())
  }
  for (const setup of [...setups.filter((one) => !isJoined(one)), ...setups.filter(isJoined)]) await look(setup)
  const delayed = best === null ? null : withDelay(best, rows[(best as Best).at]!, costs[(best as Best).at]!, boundMs)
  if (delayed !== null) await look(delayed.setup, { ...delayed.row, found: null, answersPerSecond: null })
  const won = (best ?? lost) as Best | null
  if (won === null) return { objective: slo, best: null, tried: rows }
  rows[won.at] = await confirmed(won, rows[won.at]!, slo, runs)
  return { objective: slo, best: won.at, tried: rows }
}

const rowOf = ({ workers, threads, maxBatch, batchDelayMs }: ServingSetup): Row => ({
  ...{ workers, threads, maxBatch: maxBatch === 'auto' ? 1 : maxBatch, answersPerSecond: null, found: null, why: null },
  ...(batchDelayMs === 0 ? {} : { batchDelayMs }),
})

type Costs = readonly { readonly rows: number; readonly ms: number }[]

interface Looking {
  readonly runs: ServingRuns
  readonly slo: string
  readonly least: number | null
  readonly hasSeconds: (seconds: number) => boolean
}

/** As many rows as pay are settled here, and kept to from then on. */
async function looked(setup: ServingSetup, untried: Row, { runs, slo, least, hasSeconds }: Looking) {
  try {
    const { fewRows = null } = untried
    const seen = await runs.look(setup, { slo, fewRows }, { leastPerSecond: least, hasSeconds })
    const { maxBatch, fewRows: few = maxBatch, batchCosts } = seen.setup
    const { low, high, answersPerSecond, why } = seen
    const found = low === null ? null : { ratePerSecond: low, low, high: high ?? low, confirmed: 0 }
    const row: Row = { ...untried, maxBatch, ...(few === maxBatch ? {} : { fewRows: few }), answersPerSecond, found, why }
    return { row, batchCosts: batchCosts ?? [] }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { row: { ...untried, why: error.message }, batchCosts: [] }
  }
}

/** Why a set-up that joins requests is not taken: by what it does at low load; null: it is. */
async function whyLost(row: Row, load: ServingRuns['load'], hasSeconds: Looking['hasSeconds']): Promise<string | null> {
  if (row.maxBatch === 1) return null
  if (!hasSeconds(lowLoadSeconds(row))) return `not compared at low load: ${USED_UP}`
  try {
    const loses = await losesAtLowLoad(row, load)
    return loses ? `at ${rateInWords(lowRate(row))} requests/s answers come later than one by one` : null
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return `not compared at low load: ${error.message}`
  }
}

/** null: a delay cannot pay. */
function withDelay({ setup, rate }: Best, row: Row, costs: Costs, withinMs: number) {
  if (row.maxBatch === 1) return null
  const batchDelayMs = delayToTry(costs, row.maxBatch, { withinMs, ratePerSecond: rate })
  const delayed = { ...setup, maxBatch: row.maxBatch, batchDelayMs }
  return batchDelayMs === 0 ? null : { setup: delayed, row: { ...row, batchDelayMs } }
}

/**
 * With what the confirming runs say of it. Where the time left none, or the server ended, what the look said, with no confirming run; where
 * they failed, no rate.
 */
async function confirmed({ setup, rate }: Best, row: Row, slo: string, runs: ServingRuns): Promise<Row> {
  const { maxBatch, fewRows = null } = row
  const asked = { fewRows, slo, rates: [rate], isNear: true, budgetSeconds: Math.max(0, runs.leftSeconds()) }
  try {
    const { found, search } = await runs.load({ ...setup, maxBatch }, asked)
    const { ended, confirmingRuns, runs: made } = search!
    const why = `not confirmed: ${ended}`
    const isRefuted = made.some(({ held, generatorLate = false }) => !held && !generatorLate)
    if (found === null && isRefuted) return { ...row, found, why }
    const known = found ?? row.found!
    // What ruled it out among the others still does.
    return { ...row, found: known, why: known.confirmed === confirmingRuns ? row.why : why }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { ...row, why: `not confirmed: ${error.message}` }
  }
}
