// Times of small models, each an operator alone in one precision: from the cache, else measured in a trial. A model at which the engine
// crashes costs its own row: the others are measured in a new process.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { EngineOptions } from '../../engines/types.ts'
import { type CacheKey, type CacheOptions, readCached, writeCached } from '../../trials/cache.ts'
import type { Limits } from '../../trials/limits.ts'
import { type RunTrial, reasonOf } from '../../trials/port.ts'
import { type OperatorTimesInput, operatorTimesTask, type TimedModel } from './task.ts'

/** What is compared with one another, and so measured, kept and recalled together: an operator in its precisions. */
export interface TimedGroup {
  /** What the times depend on, in addition to machine and engine. */
  readonly identity: string
  readonly models: readonly TimedModel[]
}

export interface OperatorTimesPlan {
  readonly run: RunTrial
  readonly engine: string
  readonly options: EngineOptions
  readonly groups: readonly TimedGroup[]
  readonly limits: Limits
  /** Temporary. */
  readonly folder: string
  readonly cache?: { readonly options: CacheOptions; readonly key: Omit<CacheKey, 'kind' | 'subject'> } | undefined
  /** Duration of all measuring, ms; the first round is always whole. */
  readonly budgetMs: number
  readonly least?: OperatorTimesInput['least']
}

/** ms a prediction, the call's cost in it; a string: why there is none. */
export type Times = ReadonlyMap<string, number | string>

const ROUNDS = 3
const SAMPLE_MS = 5
/** Loading and warming a small model, at most, without its samples. */
const SLACK_MS = 100
/** Models that end the process, after which the rest is given up. */
const MOST_CRASHES = 8

export async function operatorTimes(plan: OperatorTimesPlan): Promise<Times> {
  const known = new Map<string, number | string>()
  const wanted = plan.groups.filter((group) => !recall(plan, group, known))
  const models = wanted.flatMap((group) => group.models)
  for (const [key, rounds] of await timeModels({ ...plan, models, rounds: ROUNDS, sampleMs: SAMPLE_MS })) {
    known.set(key, typeof rounds === 'string' ? rounds : rounds.length > 0 ? Math.min(...rounds) : 'not measured')
  }
  for (const group of wanted) keep(plan, group, known)
  return known
}

export interface ModelTimesPlan extends Omit<OperatorTimesPlan, 'groups' | 'cache'> {
  readonly models: readonly TimedModel[]
  readonly rounds: number
  /** Sampling time of each model in each round, ms. */
  readonly sampleMs: number
  readonly enough?: OperatorTimesInput['enough']
}

/** Lower quartile of each round, ms, the call's cost in it; a string: why there is none. By the models' keys. */
export async function timeModels(plan: ModelTimesPlan): Promise<ReadonlyMap<string, readonly number[] | string>> {
  const known = new Map<string, readonly number[] | string>()
  let left = plan.models
  for (let crashes = 0; left.length > 0; crashes++) {
    const progressFile = progressFileOf(plan, left, crashes)
    const trial = await timedTrial(plan, left, progressFile)
    if (trial.outcome === 'measured') {
      for (const row of trial.value) known.set(row.key, row.roundsMs ?? row.reason)
      break
    }
    const reason = trial.outcome === 'timed-out' ? 'it did not end in time' : reasonOf(trial)
    const culprit = existsSync(progressFile) ? readFileSync(progressFile, 'utf8').trim().split('\n').at(-1) : undefined
    const rest = left.filter(({ key }) => key !== culprit)
    if (rest.length === left.length || crashes >= MOST_CRASHES) {
      for (const { key } of left) known.set(key, reason)
      break
    }
    known.set(culprit!, reason)
    left = rest
  }
  return known
}

function progressFileOf({ folder }: ModelTimesPlan, models: readonly TimedModel[], crashes: number): string {
  const hash = createHash('sha256').update(`${crashes} ${models[0]!.file}`).digest('hex')
  return path.join(folder, `operator-times-${hash.slice(0, 8)}`)
}

function timedTrial(plan: ModelTimesPlan, models: readonly TimedModel[], progressFile: string) {
  const { run, engine, options, rounds, sampleMs, budgetMs, limits } = plan
  const timeMs = 30_000 + 2 * budgetMs + models.length * (sampleMs + SLACK_MS)
  const input = {
    engine,
    options,
    models,
    rounds,
    sampleMs,
    budgetMs,
    progressFile,
    ...(plan.least ? { least: plan.least } : {}),
    ...(plan.enough ? { enough: plan.enough } : {}),
  }
  return run(operatorTimesTask, input, { timeMs, memoryBytes: limits.memoryBytes, signal: limits.signal })
}

const keyOf = ({ cache, options }: OperatorTimesPlan, { identity }: TimedGroup): CacheKey => ({
  ...cache!.key,
  kind: 'operator-times',
  subject: `${JSON.stringify(options)}\n${identity}`,
  threads: options.threads,
})

/** True where all of the group's times were kept; a refusal is kept as what it is. */
function recall(plan: OperatorTimesPlan, group: TimedGroup, known: Map<string, number | string>): boolean {
  if (plan.cache === undefined) return false
  const value = readCached(keyOf(plan, group), plan.cache.options).value as readonly (number | string)[] | undefined
  if (!Array.isArray(value) || value.length !== group.models.length) return false
  for (const [k, { key }] of group.models.entries()) known.set(key, value[k]!)
  return true
}

function keep(plan: OperatorTimesPlan, group: TimedGroup, known: ReadonlyMap<string, number | string>): void {
  if (plan.cache === undefined) return
  const values = group.models.map(({ key }) => known.get(key) ?? null)
  if (values.every((value) => value !== null)) writeCached(keyOf(plan, group), values, plan.cache.options)
}
