// `fix --for slo`: workers × threads × batching by measurement. Every way to share the CPUs, with and without joining requests, is served as
// it would be shipped and asked as fast as it answers; the best of those are searched for the highest rate that holds the objective, which
// that search confirms.
import fs from 'node:fs'
import path from 'node:path'
import { offersOf } from '../../engines/index.ts'
import { InputError } from '../../graph/input-error.ts'
import type { LoadDocument } from '../../report/documents/load.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { RemedySetup } from '../../rewrite/remedy.ts'
import type { RunnablePlan, Serving } from '../../ship/index.ts'
import { load } from '../load/load.ts'
import type { LoadOptions } from '../load/options.ts'
import type { Run } from '../run.ts'
import type { FixOptions } from './options.ts'
import { triedFolder } from './tried-folder.ts'

export type ServingReport = NonNullable<NonNullable<ReportDocument['fix']>['serving']>

export interface ServingFound {
  readonly report: ServingReport
  /** The set-up to ship; null: none holds the objective. */
  readonly best: { readonly serving: Serving; readonly setup: RemedySetup } | null
}

/** null: as the setup has it. */
export interface ServingSetup {
  readonly workers: number
  readonly threads: number | null
  readonly maxBatch: number
}

/** Rows that requests are joined to where joining is tried. */
const ROWS = 8
const CAPACITY_SECONDS = 2
const LEAST_CLIENTS = 16
/** Below this share of the highest throughput a set-up is not searched: an objective leaves less than its throughput to all of them. */
const CAPACITY_SHARE = 0.7
const MOST_SEARCHED = 3

/** Every split of the CPUs, each with and without joining. */
export function servingSetups(cpus: number, takesThreads: boolean): readonly ServingSetup[] {
  const divisors = Array.from({ length: cpus }, (_, k) => cpus - k).filter((workers) => cpus % workers === 0)
  const splits = takesThreads
    ? divisors.map((workers) => ({ workers, threads: cpus / workers }))
    : [...new Set([cpus, 1])].map((workers) => ({ workers, threads: null }))
  return splits.flatMap((split) => [1, ROWS].map((maxBatch) => ({ ...split, maxBatch })))
}

/** Those that are worth a search, the highest throughput first; what throughput they have is of as many clients as keep all busy. */
export function worthSearching<T extends { readonly answersPerSecond: number | null }>(tried: readonly T[]): readonly T[] {
  const answered = tried.filter(({ answersPerSecond }) => answersPerSecond !== null)
  const best = Math.max(0, ...answered.map(({ answersPerSecond }) => answersPerSecond!))
  return answered
    .filter(({ answersPerSecond }) => answersPerSecond! >= CAPACITY_SHARE * best)
    .sort((a, b) => b.answersPerSecond! - a.answersPerSecond!)
    .slice(0, MOST_SEARCHED)
}

/** A run of `load` on a set-up. */
export type LoadSetup = (setup: ServingSetup, options: Partial<LoadOptions>) => Promise<LoadDocument>

type Row = ServingReport['tried'][number]

export async function searchServing(slo: string, setups: readonly ServingSetup[], run: LoadSetup): Promise<ServingReport> {
  const tried = new Map<ServingSetup, Row>()
  for (const setup of setups) tried.set(setup, await capacityOf(setup, run))
  let rate: number | null = null
  for (const [setup, row] of worthSearching(
    [...tried].map(([setup, row]) => ({ setup, row, answersPerSecond: row.answersPerSecond })),
  ).map(({ setup, row }) => [setup, row] as const)) {
    const { found, search } = await run(setup, { slo, rates: rate === null ? [] : [rate] })
    tried.set(setup, { ...row, found, why: found === null ? (search?.ended ?? null) : null })
    rate = Math.max(rate ?? 0, found?.ratePerSecond ?? 0) || null
  }
  const rows = [...tried.values()]
  const best = rows.reduce<Row | null>(
    (one, row) => ((row.found?.ratePerSecond ?? 0) > (one?.found?.ratePerSecond ?? 0) ? row : one),
    null,
  )
  return { objective: slo, best: best === null ? null : rows.indexOf(best), tried: rows }
}

async function capacityOf(setup: ServingSetup, run: LoadSetup): Promise<Row> {
  const shown = { workers: setup.workers, threads: setup.threads, maxBatch: setup.maxBatch }
  const clients = Math.max(LEAST_CLIENTS, 2 * ROWS * setup.workers)
  try {
    const { points } = await run(setup, { clients: [clients], seconds: CAPACITY_SECONDS })
    return { ...shown, answersPerSecond: points[0]!.achievedPerSecond, found: null, why: 'another set-up answers more' }
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    return { ...shown, answersPerSecond: null, found: null, why: error.message }
  }
}

/** To be called within `alone`. */
export async function servingFor(run: Run, options: FixOptions, plan: RunnablePlan): Promise<ServingFound> {
  const takesThreads =
    plan.engine.generated !== true && plan.engine.library === undefined && offersOf(plan.engine.id).includes('threads')
  const folders = new Map<string, { folder: string; setup: RemedySetup }>()
  const served = async ({ workers, threads }: ServingSetup) => {
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
    const { workers, maxBatch } = setup
    run.progress({ stage: `serving with ${inWords(setup)}`, done: 0, of: 1 })
    const others = { alternatives: false, trials, ...(signal === undefined ? {} : { signal }) }
    return load(folder, { ...inputs, ...own, workers, maxBatch: maxBatch === 1 ? null : maxBatch, ...others })
  }
  const report = await searchServing(options.slo!, servingSetups(run.machine.usableCpus, takesThreads), asked)
  const best = report.best === null ? null : report.tried[report.best]!
  if (best === null) return { report, best: null }
  const { setup } = await served(best)
  return { report, best: { setup, serving: { workers: best.workers, maxBatch: best.maxBatch } } }
}

export const inWords = ({ workers, threads, maxBatch }: ServingSetup): string =>
  `${workers} worker${workers === 1 ? '' : 's'}${threads === null ? '' : ` × ${threads} thread${threads === 1 ? '' : 's'}`}` +
  `${maxBatch === 1 ? '' : `, up to ${maxBatch} rows together`}`

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
    JSON.stringify({ schema: 'whyslow-folder/1', model: 'model.onnx', inputs, outputs }),
  )
  fs.writeFileSync(path.join(at, 'package.json'), '{"type":"module"}')
  return at
}
