// An agent: this machine takes trials, one at a time. It renews what it holds while processes of their own measure; what it lost meanwhile is
// dropped, since another has it. A trial on a disturbed machine goes back, a few times.
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialStore } from '../store/trial-store.ts'
import { checkJob, type FleetJob, JOB_LIFE_MS, putBackOnce, type Signer } from './job.ts'
import { oneLine } from './one-line.ts'
import type { AgentQueue, HeldJob } from './queue.ts'
import { checkStored, type FleetResult, makeResult, storedReport, type TrialOn } from './result.ts'

export interface AgentMeasurement {
  /** null: the machine was not quiet, and nothing was measured. */
  readonly report: ReportDocument | null
  /** What disturbed before, meanwhile or after, in words; null: nothing did. */
  readonly disturbed: string | null
}

export interface AgentParts {
  readonly queue: AgentQueue
  /** What machines alike share: a trial is kept once for each kind. */
  readonly machine: string
  /** Key of the fleet; null: jobs need no signature. */
  readonly key: string | null
  /** Measures in processes of their own; throws InputError if the job cannot be. `anyway`: on a machine that is not quiet, too. */
  readonly measure: (job: FleetJob, signal: AbortSignal, anyway: boolean) => Promise<AgentMeasurement>
  /** One row a trial, if it is not there yet; null: nothing is kept outside the queue. */
  readonly store: TrialStore | null
  readonly log: (line: string) => void
  readonly signal: AbortSignal
  readonly renewMs?: number
  readonly idleMs?: number
  readonly announceMs?: number
  readonly againMs?: number
  /** How long a trial waits that was put back. */
  readonly putBackMs?: number
  readonly nowMs?: () => number
}

/** A job's lock is taken for two minutes: one that fails to be renewed once is not lost. */
export const RENEW_MS = 40_000
export const IDLE_MS = 1000
export const ANNOUNCE_MS = 15_000
/** A queue or a store that did not answer is asked again after this long. */
const AGAIN_MS = 5000
/** Five minutes, in which a database is started again. */
const MOST_STORE_TRIES = 60
const AGAIN_AFTER_MS = 30_000
/** After this many times it is recorded as it is: its report says what disturbed it. */
const MOST_PUT_BACKS = 3

/**
 * Until the signal aborts. What is held then goes back at once. A queue or a store that cannot be reached for a while is said once, and waited for.
 */
export async function runAgent(parts: AgentParts): Promise<void> {
  const { queue, signal, log } = parts
  const told = toldOnce(log)
  // Runs during trials: one that takes minutes, or waits for the machine, is no reason to be taken for gone.
  const announce = () => queue.announce().catch((error) => told(`not announced: ${oneLine(error)}; tried again`))
  await announce()
  const announcing = setInterval(announce, parts.announceMs ?? ANNOUNCE_MS)
  const ended = new Map<string, number>()
  try {
    while (!signal.aborted) {
      try {
        const held = await queue.take()
        if (held === null) await pause(parts.idleMs ?? IDLE_MS, signal)
        else await handle(held, parts, ended)
        told(null)
      } catch (error) {
        told(`the queue gives no trials: ${oneLine(error)}; tried again`)
        await pause(parts.againMs ?? AGAIN_MS, signal)
      }
    }
  } finally {
    clearInterval(announcing)
    await queue.close().catch((error) => log(`the queue was left open: ${oneLine(error)}`))
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {})

/** Says what is wrong when it begins, and not again while it is the same; null: nothing is. */
function toldOnce(log: AgentParts['log']): (line: string | null) => void {
  let last: string | null = null
  return (line) => {
    if (line !== null && line !== last) log(line)
    last = line
  }
}

/**
 * Throws nothing: the queue takes what cannot be delivered for lost, and gives it out again. `ended`: trials that were delivered for good,
 * with their times; a queue gives none of them out again, but who can write to it can, as long as a job is taken.
 */
async function handle(held: HeldJob, parts: AgentParts, ended: Map<string, number>): Promise<void> {
  const { log, nowMs = Date.now } = parts
  const checked = checkJob(held.job, signerOf(parts), nowMs())
  const refusal = checked.ok ? refusalOf(checked.job, held, ended) : checked.reason
  if (!checked.ok || refusal !== null) {
    log(`refused a job: ${oneLine(refusal)}`)
    await held.failed(refusal!, true).catch((error) => log(`the result was not delivered: ${oneLine(error)}`))
    return
  }
  const { job } = checked
  const name = `${job.model[0]!.name} on ${job.engine} (${job.trial.slice(0, 10)})`
  const lost = new AbortController()
  const renewing = setInterval(() => {
    held.renew().then(
      (ours) => ours || lost.abort(),
      // The queue cannot be reached: it is tried again, and the lock outlasts a few failures.
      (error) => log(`${name}: not renewed: ${oneLine(error)}`),
    )
  }, parts.renewMs ?? RENEW_MS)
  let ending: Ending
  try {
    ending = await endingOf(job, held, { parts, name, lost: lost.signal })
  } catch (error) {
    ending = parts.signal.aborted
      ? { said: 'interrupted', give: () => held.putBack(0, job) }
      : {
          said: `failed: ${oneLine(error)}`,
          give: () => held.failed(oneLine(error), error instanceof InputError),
          isFinal: error instanceof InputError,
        }
  } finally {
    clearInterval(renewing)
  }
  if (lost.signal.aborted) return log(`${name}: given to another meanwhile; dropped`)
  await ending.give().then(
    () => {
      log(`${name}: ${ending.said}`)
      if (ending.isFinal) remember(job.trial, ended, nowMs())
    },
    (error) => log(`${name}: ${ending.said}; not delivered: ${oneLine(error)}`),
  )
}

function refusalOf({ trial }: FleetJob, { id }: HeldJob, ended: ReadonlyMap<string, number>): string | null {
  if (trial !== id) return 'it lies in the queue under another name'
  return ended.has(trial) ? 'its trial has ended: it was put into the queue again' : null
}

/** Forgets those whose jobs are too old to be taken. */
function remember(trial: string, ended: Map<string, number>, nowMs: number): void {
  ended.set(trial, nowMs)
  for (const [old, atMs] of ended) if (nowMs - atMs > 2 * JOB_LIFE_MS) ended.delete(old)
}

const signerOf = ({ key, machine }: AgentParts): Signer | null => (key === null ? null : { key, machine })

/** How a trial ends: in words, and what the queue is given. */
interface Ending {
  readonly said: string
  readonly give: () => Promise<void>
  /** It is not given out again. */
  readonly isFinal?: boolean
}

interface Holding {
  readonly parts: AgentParts
  readonly name: string
  /** Aborts where the job is another's. */
  readonly lost: AbortSignal
}

/** Throws what the measurement or, in the end, the store throws. */
async function endingOf(job: FleetJob, held: HeldJob, { parts, name, lost }: Holding): Promise<Ending> {
  const { store, log } = parts
  const stop = AbortSignal.any([parts.signal, lost])
  const waiting = { signal: stop, againMs: parts.againMs ?? AGAIN_MS, log: (line: string) => log(`${name}: ${line}`) }
  const on = { trial: job.trial, machine: parts.machine }
  const found = () => (store === null ? undefined : foundIn(store, { on, key: parts.key }, waiting))
  const known = await found()
  if (known !== undefined) return { said: 'already in the store', give: () => held.done(known), isFinal: true }
  const anyway = job.putBacks >= MOST_PUT_BACKS
  const { report, disturbed } = judged(await parts.measure(job, stop, anyway))
  if (report === null || (disturbed !== null && !anyway))
    return {
      said: `the machine was disturbed (${disturbed}); put back`,
      give: () => held.putBack(parts.putBackMs ?? AGAIN_AFTER_MS, putBackOnce(job, signerOf(parts))),
    }
  lost.throwIfAborted()
  const result = makeResult(on, report, parts.key)
  if (store !== null) await fromStore(() => store.insertIfAbsent(resultKey(on), storedReport(result)), waiting)
  // If another agent was first, the queue gets its report, too.
  const first = (await found()) ?? result
  return { said: `${first.report.latency!.p50Ms.toPrecision(3)} ms`, give: () => held.done(first), isFinal: true }
}

interface StoreWait {
  readonly signal: AbortSignal
  readonly againMs: number
  readonly log: (line: string) => void
}

/** A store that restarts is waited for, so that what was measured is not measured again; one that refuses for long fails the trial. */
async function fromStore<T>(use: () => Promise<T>, { signal, againMs, log }: StoreWait): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await use()
    } catch (error) {
      signal.throwIfAborted()
      if (tries === MOST_STORE_TRIES) throw new Error(`the store cannot be used: ${oneLine(error)}`)
      if (tries === 1) log(`the store cannot be used: ${oneLine(error)}; tried again`)
      await pause(againMs, signal)
    }
  }
}

/** undefined: not there yet, or no report of the fleet: others can write to the store, and what they wrote is said and measured again. */
async function foundIn(
  store: TrialStore,
  { on, key }: { readonly on: TrialOn; readonly key: string | null },
  waiting: StoreWait,
): Promise<FleetResult | undefined> {
  const row = await fromStore(() => store.find(resultKey(on)), waiting)
  if (row === undefined) return undefined
  const checked = checkStored(row, on, key)
  if (checked.ok) return checked.result
  waiting.log(`what the store has of it is ${checked.reason}`)
  return undefined
}

/** The same trial is asked of every kind of machine, and all of them keep what they measured. */
export const resultKey = ({ trial, machine }: TrialOn): string => `${trial} ${machine}`

/** Adds what the report itself says of disturbances; one that is recorded all the same says it. */
function judged({ report, disturbed: around }: AgentMeasurement): AgentMeasurement {
  if (report === null) return { report, disturbed: around }
  const disturbed = around ?? (isDisturbed(report) ? 'waits or stolen time' : null)
  const warnings = around === null ? [] : [`the machine was not quiet: ${around}`]
  return { report: { ...report, warnings: [...report.warnings, ...warnings] }, disturbed }
}

/**
 * Waits or stolen time in most of its processes: what the trust's reasons name. Stops of a quota are none: a quota is part of the machine, and on
 * the next one of its kind they are the same.
 */
const isDisturbed = ({ latency, engine, machine }: ReportDocument): boolean => {
  const blocks = latency?.blocks ?? []
  const threads = Math.max(1, engine?.options.threads ?? machine.usableCpus ?? 1)
  const dirty = blocks.filter(({ waitedMs, stolenMs, samplesMs, p50Ms }) => {
    const ran = (samplesMs?.length ?? 0) * p50Ms
    // Waits are summed over threads.
    return ran > 0 && waitedMs / threads + stolenMs > MOST_DISTURBED * ran
  })
  return dirty.length * 2 > blocks.length
}

/** Share of a block that something else took. */
const MOST_DISTURBED = 0.1
