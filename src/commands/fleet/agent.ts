// An agent: this machine takes trials, one at a time. It renews what it holds while processes of their own measure; what it lost meanwhile is
// dropped, since another has it. A trial on a disturbed machine goes back, a few times.
import { setTimeout as sleep } from 'node:timers/promises'
import { InputError } from '../../graph/input-error.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { TrialStore } from '../store/trial-store.ts'
import { checkJob, type FleetJob } from './job.ts'
import type { AgentQueue, Held } from './queue.ts'

export interface Measured {
  /** null: the machine was not quiet, and nothing was measured. */
  readonly report: ReportDocument | null
  /** What disturbed before, meanwhile or after, in words; null: nothing did. */
  readonly disturbed: string | null
}

export interface AgentParts {
  readonly queue: AgentQueue
  /** What machines alike share: a trial is kept once for each kind. */
  readonly machine: string
  /** Of the fleet; null: jobs need no signature. */
  readonly key: string | null
  /** Measures in processes of their own; throws InputError where the job cannot be. `anyway`: on a machine that is not quiet, too. */
  readonly measure: (job: FleetJob, signal: AbortSignal, anyway: boolean) => Promise<Measured>
  /** One row a trial, where it is not there yet; null: nothing is kept beside the queue. */
  readonly store: TrialStore | null
  readonly log: (line: string) => void
  readonly signal: AbortSignal
  readonly renewMs?: number
  readonly idleMs?: number
}

/** A job's lock is taken for two minutes: one that fails to be renewed once is not lost. */
export const RENEW_MS = 40_000
export const IDLE_MS = 1000
const AGAIN_AFTER_MS = 30_000
/** After so many times it is recorded as it is: its report says what disturbed it. */
const MOST_PUT_BACKS = 3

/** Until the signal aborts. What is held then goes back at once. */
export async function runAgent(parts: AgentParts): Promise<void> {
  const { queue, signal, log } = parts
  try {
    while (!signal.aborted) {
      await queue.announce()
      const held = await queue.take()
      if (held === null) await sleep(parts.idleMs ?? IDLE_MS, undefined, { signal }).catch(() => {})
      else await handle(held, parts)
    }
  } finally {
    await queue.close().catch((error) => log(`the queue was left open: ${oneLine(error)}`))
  }
}

async function handle(held: Held, parts: AgentParts): Promise<void> {
  const { log, store, key } = parts
  const checked = checkJob(held.job, key)
  if (!checked.ok) {
    log(`refused a job: ${oneLine(checked.reason)}`)
    return held.failed(checked.reason, true)
  }
  const { job } = checked
  const name = `${job.model[0]!.name} on ${job.engine} (${job.trial.slice(0, 10)})`
  const kept = trialOn(job, parts.machine)
  const known = await store?.find(kept)
  if (known !== undefined) {
    log(`${name}: already in the store`)
    return held.done(known)
  }
  const lost = new AbortController()
  const stop = AbortSignal.any([parts.signal, lost.signal])
  const renewing = setInterval(() => {
    held.renew().then(
      (ours) => ours || lost.abort(),
      // The queue cannot be reached: it is tried again, and the lock outlasts a few failures.
      (error) => log(`${name}: not renewed: ${oneLine(error)}`),
    )
  }, parts.renewMs ?? RENEW_MS)
  try {
    const anyway = job.putBacks >= MOST_PUT_BACKS
    const { report, disturbed } = judged(await parts.measure(job, stop, anyway))
    if (lost.signal.aborted) return log(`${name}: given to another meanwhile; dropped`)
    if (report === null || (disturbed !== null && !anyway)) {
      log(`${name}: the machine was disturbed (${disturbed}); put back`)
      return await held.putBack(AGAIN_AFTER_MS, { ...job, putBacks: job.putBacks + 1 })
    }
    await store?.insertIfAbsent(kept, report)
    await held.done(report)
    log(`${name}: ${report.latency!.p50Ms.toPrecision(3)} ms`)
  } catch (error) {
    if (lost.signal.aborted) return log(`${name}: given to another meanwhile; dropped`)
    if (parts.signal.aborted) return await held.putBack(0, job)
    log(`${name}: failed: ${oneLine(error)}`)
    await held.failed(oneLine(error), error instanceof InputError)
  } finally {
    clearInterval(renewing)
  }
}

/** The same trial is asked of every kind of machine, and all of them keep what they measured. */
export const trialOn = ({ trial }: FleetJob, machine: string): string => `${trial} ${machine}`

/** With what the report itself tells; one that is recorded all the same says it. */
function judged({ report, disturbed: around }: Measured): Measured {
  if (report === null) return { report, disturbed: around }
  const disturbed = around ?? (isDisturbed(report) ? 'waits, quota stops or stolen time' : null)
  const warnings = around === null ? [] : [`the machine was not quiet: ${around}`]
  return { report: { ...report, warnings: [...report.warnings, ...warnings] }, disturbed }
}

/** Waits, quota stops or stolen time in most of its processes: what the trust's reasons name. */
const isDisturbed = ({ latency }: ReportDocument): boolean => {
  const blocks = latency?.blocks ?? []
  const dirty = blocks.filter(({ waitedMs, throttledMs, stolenMs, samplesMs, p50Ms }) => {
    const ran = (samplesMs?.length ?? 0) * p50Ms
    return ran > 0 && waitedMs + throttledMs + stolenMs > MOST_DISTURBED * ran
  })
  return dirty.length * 2 > blocks.length
}

/** Share of a block that something else took. */
const MOST_DISTURBED = 0.1

const oneLine = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, 500)
