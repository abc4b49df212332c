// `fix --for slo`: workers × threads × batching by measurement. Every way to share the CPUs, with and without joining requests (as many as
// pay for the whole server), is served as it would be shipped and asked as fast as it answers; the best of those are searched
// for the highest rate that holds the objective, which that search confirms. So are those that answer one request soonest, since a strict
// objective leaves no time for a queue, and where none of these holds, all others. Where rows are cheap together, the best is searched once
// more with a delay, in which an incomplete batch waits for others. Which of them is shipped is decided side by side (`serving-choice.ts`).
import fs from 'node:fs'
import path from 'node:path'
import { offersOf } from '../../engines/index.ts'
import { InputError } from '../../graph/input-error.ts'
import { parseObjective } from '../../load/objective.ts'
import type { LoadDocument, LoadPoint } from '../../report/documents/load.ts'
import type { RemedySetup } from '../../rewrite/remedy.ts'
import { delayWorthTrying } from '../../serve/batch-cost.ts'
import { modelFileOf, type RunnablePlan, type Serving } from '../../ship/index.ts'
import { load } from '../load/load.ts'
import type { Run } from '../run.ts'
import type { FixOptions } from './options.ts'
import { chooseServing } from './serving-choice.ts'
import { servingLimits } from './serving-limits.ts'
import type { LoadSetup, Row, ServingReport, ServingSetup } from './serving-types.ts'
import { triedFolder } from './tried-folder.ts'

export interface ServingFound {
  readonly report: ServingReport
  /** The set-up to ship; null: none holds the objective. */
  readonly best: { readonly serving: Serving; readonly setup: RemedySetup } | null
}

const CAPACITY_SECONDS = 2
/** Clients that keep every worker busy with as many rows as pay, whatever those are. */
const CLIENTS_FOR_EACH = 48
/** Below this share of the highest throughput a set-up is not searched: an objective leaves less than its throughput to all of them. */
const CAPACITY_SHARE = 0.7
const MOST_SEARCHED = 3
/** One request takes nearly as little as with the set-up that answers it soonest. */
const SOON_SHARE = 1.1
const MOST_SOON = 2

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

/** What a set-up was seen to do before its search. */
export interface Capacity {
  /** Of as many clients as keep all busy; null: it is not served so. */
  readonly answersPerSecond: number | null
  /** One request, with no other before it; null: not known. */
  readonly aloneMs: number | null
}

/** Those that are worth a search, the highest throughput first, and those that answer one request soonest; and the others, soonest first. */
export function worthSearching<T extends Capacity>(
  tried: readonly T[],
): { readonly first: readonly T[]; readonly others: readonly T[] } {
  const answered = tried
    .filter(({ answersPerSecond }) => answersPerSecond !== null)
    .sort((a, b) => b.answersPerSecond! - a.answersPerSecond!)
  const best = answered[0]?.answersPerSecond ?? 0
  const soonest = Math.min(...answered.map(aloneOf))
  const most = answered.filter(({ answersPerSecond }) => answersPerSecond! >= CAPACITY_SHARE * best).slice(0, MOST_SEARCHED)
  const soon = answered.filter((one) => aloneOf(one) <= SOON_SHARE * soonest && one.aloneMs !== null).slice(0, MOST_SOON)
  const first = answered.filter((one) => most.includes(one) || soon.includes(one))
  const others = answered.filter((one) => !first.includes(one)).sort((a, b) => aloneOf(a) - aloneOf(b))
  return { first, others }
}

const aloneOf = ({ aloneMs }: Capacity): number => aloneMs ?? Number.POSITIVE_INFINITY

type Costs = NonNullable<NonNullable<LoadDocument['setup']>['batchCosts']>

interface Tried extends Capacity {
  readonly setup: ServingSetup
  readonly row: Row
  readonly costs: Costs
}

export async function searchServing(slo: string, setups: readonly ServingSetup[], run: LoadSetup): Promise<ServingReport> {
  const { boundMs } = parseObjective(slo)
  const tried: Tried[] = []
  for (const setup of setups) tried.push(await capacityOf(setup, boundMs, run))
  const rows = tried.map(({ row }) => row)
  let rate: number | null = null
  const searched = async (setup: ServingSetup, row: Row): Promise<Row> => {
    const { maxBatch, fewRows = null } = row
    const { found, search } = await run({ ...setup, maxBatch }, { fewRows, slo, rates: rate === null ? [] : [rate] })
    rate = Math.max(rate ?? 0, found?.ratePerSecond ?? 0) || null
    return { ...row, found, why: found === null ? (search?.ended ?? null) : null }
  }
  const { first, others } = worthSearching(tried)
  for (const [isFirst, some] of [
    [true, first],
    [false, others],
  ] as const)
    for (const one of some) if (isFirst || highestOf(rows) === null) rows[tried.indexOf(one)] = await searched(one.setup, one.row)
  const withoutDelay = highestOf(rows)
  const delayed = withoutDelay === null ? null : withDelay(tried[withoutDelay]!, rows[withoutDelay]!, boundMs)
  if (delayed !== null)
    rows.push(await searched(delayed, { ...rows[withoutDelay!]!, batchDelayMs: delayed.batchDelayMs, answersPerSecond: null }))
  const choice = await chooseServing(slo, rows, run)
  return { objective: slo, best: choice.best, tried: [...choice.rows] }
}

/** The place of the row with the highest rate, the first of equals; null: none holds. */
function highestOf(rows: readonly Row[]): number | null {
  const rates = rows.map(({ found }) => found?.ratePerSecond ?? 0)
  const most = Math.max(0, ...rates)
  return most === 0 ? null : rates.indexOf(most)
}

/** null: a delay cannot pay. */
function withDelay({ setup, costs }: Tried, { maxBatch, found }: Row, withinMs: number): ServingSetup | null {
  if (maxBatch === 1 || found === null) return null
  const batchDelayMs = delayWorthTrying(costs, maxBatch, { withinMs, ratePerSecond: found.ratePerSecond })
  return batchDelayMs === 0 ? null : { ...setup, batchDelayMs }
}

/** How many it answers at most; as many rows as pay are settled here, and kept to from then on. */
async function capacityOf(setup: ServingSetup, batchWithinMs: number, run: LoadSetup): Promise<Tried> {
  const { workers, threads } = setup
  const refused = (why: string): Tried => ({
    setup,
    row: { workers, threads, maxBatch: setup.maxBatch === 'auto' ? 1 : setup.maxBatch, answersPerSecond: null, found: null, why },
    costs: [],
    answersPerSecond: null,
    aloneMs: null,
  })
  try {
    const clients = [CLIENTS_FOR_EACH * workers, 1]
    const { points, setup: served } = await run(setup, { clients, seconds: CAPACITY_SECONDS, batchWithinMs })
    const { maxBatch, fewRows = maxBatch, batchCosts, whyAlone } = served!
    if (setup.maxBatch === 'auto' && maxBatch === 1) return refused(`requests are not joined: ${whyAlone ?? 'it does not pay'}`)
    const [{ achievedPerSecond: answersPerSecond }, { meanMs: aloneMs }] = points as [LoadPoint, LoadPoint]
    const few = fewRows === maxBatch ? {} : { fewRows }
    const row = { workers, threads, maxBatch, ...few, answersPerSecond, found: null, why: 'another set-up answers more' }
    return { setup, row, costs: batchCosts ?? [], answersPerSecond, aloneMs }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return refused(error.message)
  }
}

/** To be called within `alone`. */
export async function servingFor(run: Run, options: FixOptions, plan: RunnablePlan): Promise<ServingFound> {
  const takesThreads =
    plan.engine.generated !== true && plan.engine.library === undefined && offersOf(plan.engine.id).includes('threads')
  const folders = new Map<string, { folder: string; setup: RemedySetup }>()
  const served = async ({ workers, threads }: Pick<ServingSetup, 'workers' | 'threads'>) => {
    const key = `${workers}x${threads ?? ''}`
    const known = folders.get(key)
    if (known !== undefined) return known
    const setup = takesThreads ? sharing(plan.setup, workers, threads!) : plan.setup
    const made = { folder: await servedFolder({ ...plan, setup }, run, path.join(run.folder, `serving-${key}`)), setup }
    folders.set(key, made)
    return made
  }
  const { shapes, values, batch, data, labels, pictures, signal, trials } = options
  // Code that moved into the model takes other inputs than the data are for.
  const inputs = options.preprocessing.input === undefined ? { shapes, values, batch, data, labels, pictures } : {}
  const asked: LoadSetup = async (setup, own) => {
    const { folder } = await served(setup)
    const { workers, maxBatch, batchDelayMs } = setup
    run.progress({ stage: `serving with ${inWords(setup)}`, done: 0, of: 1 })
    const others = { alternatives: false, trials, ...(signal === undefined ? {} : { signal }) }
    return load(folder, { ...inputs, ...own, workers, maxBatch, batchDelayMs, ...others })
  }
  const report = await searchServing(options.slo!, servingSetups(run.machine.usableCpus, takesThreads), asked)
  const best = report.best === null ? null : report.tried[report.best]!
  if (best === null) return { report, best: null }
  const { setup } = await served(best)
  const { workers, maxBatch, fewRows, batchDelayMs } = best
  const few = fewRows === undefined ? {} : { fewRows }
  const delay = batchDelayMs === undefined ? {} : { batchDelayMs }
  return { report, best: { setup, serving: { workers, maxBatch, ...few, ...delay, ...servingLimits(report) } } }
}

export const inWords = ({ workers, threads, maxBatch, batchDelayMs }: ServingSetup): string =>
  `${workers} worker${workers === 1 ? '' : 's'}${threads === null ? '' : ` × ${threads} thread${threads === 1 ? '' : 's'}`}` +
  `${maxBatch === 1 ? '' : ', requests joined'}${batchDelayMs === 0 ? '' : ' after a wait'}`

/** Idle threads that spin take the CPU from the other workers. */
const NO_SPINNING = { 'session.intra_op.allow_spinning': '0', 'session.inter_op.allow_spinning': '0' }

function sharing(setup: RemedySetup, workers: number, threads: number): RemedySetup {
  const { configEntries } = setup.options
  const entries = workers > 1 ? { ...configEntries, ...NO_SPINNING } : configEntries
  return { ...setup, options: { ...setup.options, threads, configEntries: entries } }
}

/** The folder as it would be shipped, with what `serve` knows a folder by. Throws InputError where its package is not to be found. */
async function servedFolder(plan: RunnablePlan, run: Run, at: string): Promise<string> {
  const made = await triedFolder(plan, run, at)
  if (made === null) throw new InputError(`--for slo: ${plan.engine.package} is not found, with which the folder predicts`)
  Object.assign(process.env, made.env)
  const { inputs, outputs } = plan
  fs.writeFileSync(
    path.join(at, 'manifest.json'),
    JSON.stringify({ schema: 'whyslow-folder/1', model: modelFileOf(plan.engine), inputs, outputs }),
  )
  fs.writeFileSync(path.join(at, 'package.json'), '{"type":"module"}')
  return at
}
