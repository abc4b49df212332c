// `fix --slo`: workers × threads × batching by measurement, within a time that is told beforehand. Every way to share the CPUs is served as
// it would be shipped and looked at once (`rough-look.ts`): what it answers at most, and the rate that short runs hold. One that does
// not hold what another one holds is left at that, mostly after one run. First without joining requests, then with as many rows as pay for
// the whole server: it must hold more, and lose nothing at low load. Where rows are cheap together, the best is tried with a delay, in
// which an incomplete batch waits for others. Only the one that is left is confirmed, as `load --slo` does.
import fs from 'node:fs'
import path from 'node:path'
import type { Run } from '../../command/run.ts'
import { offersOf } from '../../engines/index.ts'
import type { ShippedFolder } from '../../engines/shipped-folder.ts'
import { InputError } from '../../graph/input-error.ts'
import type { Ceiling } from '../../load/audit.ts'
import { parseObjective } from '../../load/objective.ts'
import { nowMs } from '../../machine/now.ts'
import { plural, rateInWords } from '../../report/text/numbers.ts'
import type { RemedySetup } from '../../rewrite/remedy.ts'
import { delayWorthTrying } from '../../serve/batch-cost.ts'
import { NO_SPINNING } from '../../serve/usual.ts'
import { modelFileOf, type RunnablePlan, type Serving } from '../../ship/index.ts'
import { load } from '../load/load.ts'
import { lookAt } from '../load/rough-look.ts'
import type { FixOptions } from './options.ts'
import { isSimpler, losesAtLowLoad, lowLoadSeconds, lowRate } from './serving-choice.ts'
import { servingLimits } from './serving-limits.ts'
import type { Row, ServingReport, ServingRuns, ServingSetup } from './serving-types.ts'
import { trialFolder } from './tried-folder.ts'

export interface ServingChoice {
  readonly report: ServingReport
  /** The set-up to ship; null: none holds the objective. */
  readonly best: { readonly serving: Serving; readonly setup: RemedySetup } | null
}

/** Of the budget of the remedies: five minutes by default. */
const BUDGET_TIMES = 4
/** Of the time, for looks: none begins after it, nor where the longest so far would not fit. The rest confirms. */
const LOOKS_SHARE = 0.6
/** Of the time: one look that took longer keeps no other from being begun. */
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
  const batchDelayMs = delayWorthTrying(costs, row.maxBatch, { withinMs, ratePerSecond: rate })
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
    // What stood against it beside others still does.
    return { ...row, found: known, why: known.confirmed === confirmingRuns ? row.why : why }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { ...row, why: `not confirmed: ${error.message}` }
  }
}

/** To be called within `alone`. */
export async function servingFor(run: Run, options: FixOptions, plan: RunnablePlan): Promise<ServingChoice> {
  const takesThreads =
    plan.engine.generated !== true && plan.engine.library === undefined && offersOf(plan.engine.id).includes('threads')
  const folders = new Map<string, { made: ShippedFolder; setup: RemedySetup }>()
  const served = async ({ workers, threads }: Pick<ServingSetup, 'workers' | 'threads'>) => {
    const key = `${workers}x${threads ?? ''}`
    const known = folders.get(key)
    if (known !== undefined) return known
    const setup = takesThreads ? sharing(plan.setup, workers, threads!) : plan.setup
    const one = { made: await servedFolder({ ...plan, setup }, run, path.join(run.folder, `serving-${key}`)), setup }
    folders.set(key, one)
    return one
  }
  const { shapes, values, batch, data, labels, pictures, signal, trials } = options
  // Code that moved into the model takes other inputs than the data are for.
  const inputs = options.preprocessing.input === undefined ? { shapes, values, batch, data, labels, pictures } : {}
  let ceiling: Ceiling | null = null
  const asked = async (setup: ServingSetup) => {
    const { workers, maxBatch, batchDelayMs } = setup
    const { folder, env } = (await served(setup)).made
    run.progress({ stage: `serving with ${inWords(setup)}`, done: 0, of: 1 })
    const others = { alternatives: false, trials, ceiling, env, ...(signal === undefined ? {} : { signal }) }
    return { folder, options: { ...inputs, workers, maxBatch, batchDelayMs, ...others } }
  }
  const setups = servingSetups(run.machine.usableCpus, takesThreads)
  const endMs = nowMs() + 1000 * BUDGET_TIMES * options.budgetSeconds
  options.onPlan?.(planText(setups.length, BUDGET_TIMES * options.budgetSeconds))
  const report = await searchServing(options.slo!, setups, {
    async look(setup, own, looking) {
      const { folder, options } = await asked(setup)
      const seen = await lookAt(folder, { ...options, ...own }, looking)
      ceiling = seen.ceiling
      return seen
    },
    async load(setup, own) {
      const { folder, options } = await asked(setup)
      return load(folder, { ...options, ...own })
    },
    leftSeconds: () => (endMs - nowMs()) / 1000,
  })
  const best = report.best === null ? null : report.tried[report.best]!
  if (best === null) return { report, best: null }
  const { setup } = await served(best)
  const { workers, maxBatch, fewRows, batchDelayMs } = best
  const few = fewRows === undefined ? {} : { fewRows }
  const delay = batchDelayMs === undefined ? {} : { batchDelayMs }
  return { report, best: { setup, serving: { workers, maxBatch, ...few, ...delay, ...servingLimits(report) } } }
}

const planText = (setups: number, seconds: number): string =>
  `Then a server: ${setups} set-ups are looked at, and the best is confirmed in five runs, in about ${minutes(seconds)} (--budget).`

const minutes = (seconds: number): string =>
  seconds < 90 ? `${Math.round(seconds)} s` : `${Number((seconds / 60).toPrecision(2))} minutes`

export const inWords = ({ workers, threads, maxBatch, batchDelayMs }: ServingSetup): string =>
  `${plural(workers, 'worker')}${threads === null ? '' : ` × ${plural(threads, 'thread')}`}` +
  `${maxBatch === 1 ? '' : ', requests joined'}${batchDelayMs === 0 ? '' : ' after a wait'}`

function sharing(setup: RemedySetup, workers: number, threads: number): RemedySetup {
  const { configEntries } = setup.options
  const entries = workers > 1 ? { ...configEntries, ...NO_SPINNING } : configEntries
  return { ...setup, options: { ...setup.options, threads, configEntries: entries } }
}

/** The folder as it would be shipped, with what `serve` knows a folder by. Throws InputError where its package is not to be found. */
async function servedFolder(plan: RunnablePlan, run: Run, at: string): Promise<ShippedFolder> {
  const made = await trialFolder(plan, run, at)
  if (made === null) throw new InputError(`--slo: ${plan.engine.package} is not found, with which the folder predicts`)
  const { inputs, outputs } = plan
  fs.writeFileSync(
    path.join(at, 'manifest.json'),
    JSON.stringify({ schema: 'whyslow-folder/1', model: modelFileOf(plan.engine), inputs, outputs }),
  )
  fs.writeFileSync(path.join(at, 'package.json'), '{"type":"module"}')
  return made
}
