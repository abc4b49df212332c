// `fleet --queue`: every model on every kind of machine that listens, through the queue; the study at the end.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { faultIn } from '../../evidence/saved-document.ts'
import { readModel } from '../../formats/index.ts'
import { InputError } from '../../graph/input-error.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { StudyDocument } from '../../report/documents/study.ts'
import { type Combination, combinationsOf, type FleetOptions, failureOf } from '../study/fleet.ts'
import { fitsKind, processorOf } from '../study/machine-class.ts'
import { studyOf } from '../study/study.ts'
import type { FileStore } from './file-store.ts'
import { makeJob } from './job.ts'
import type { StoredFile } from './job-type.ts'
import { modelFiles } from './model-files.ts'
import { keep } from './model-store.ts'
import type { AskingQueue, Outcome } from './queue.ts'

export interface DispatchParts {
  readonly queue: AskingQueue
  readonly options: FleetOptions
  /** Patterns of machines or of what they have, with *; null: all that listen. */
  readonly machines: readonly string[] | null
  /** Where all machines see models and inputs. */
  readonly models: FileStore
  readonly key: string | null
  /** From 1, which is taken first, to 9. */
  readonly priority: number
  readonly pollMs?: number
}

interface Asked extends Combination {
  readonly machine: string
  readonly trial: string
}

export const POLL_MS = 500
/** A queue gives out what was asked for first: behind so many that have not ended, nothing is looked for yet. */
export const MOST_WAITING = 64
/** A job that the queue no longer knows may be between two states. */
const LOST_AFTER_LOOKS = 10

/** Throws InputError where nobody listens or nothing could be measured, and the signal's reason where it is aborted. */
export async function dispatch(files: readonly string[], parts: DispatchParts): Promise<StudyDocument> {
  const { queue, options } = parts
  const { combinations, failures, warnings } = await combinationsOf(files, options)
  const kinds = await kindsOf(parts)
  const asked = await ask(combinations, kinds, parts)
  const open = new Map(asked.map((one) => [one, 0]))
  const reports: ReportDocument[] = []
  try {
    while (open.size > 0) {
      const waiting = new Map<string, number>()
      for (const [one, looks] of [...open]) {
        options.signal?.throwIfAborted()
        const before = waiting.get(one.machine) ?? 0
        if (before >= MOST_WAITING) continue
        const outcome = await queue.outcome(one.machine, one.trial)
        if (outcome.state === 'waiting' || outcome.state === 'active') {
          open.set(one, 0)
          waiting.set(one.machine, before + 1)
          continue
        }
        if (outcome.state === 'lost' && looks < LOST_AFTER_LOOKS) {
          open.set(one, looks + 1)
          continue
        }
        open.delete(one)
        const why = whyNot(outcome)
        if (outcome.state === 'done' && why === undefined) reports.push(named(outcome.report, one))
        else failures.push(failureOf(one, processorOf(one.machine), why ?? 'the queue lost it'))
        options.onProgress?.({
          stage: `${asked.length - open.size} of ${asked.length} trials`,
          done: asked.length - open.size,
          of: asked.length,
        })
      }
      if (open.size > 0)
        await sleep(parts.pollMs ?? POLL_MS, undefined, options.signal ? { signal: options.signal } : {}).catch(() => {})
    }
  } finally {
    // Of those that are left, what nobody has taken is not measured for nothing.
    for (const { machine, trial } of open.keys()) await queue.cancel(machine, trial)
  }
  if (reports.length === 0)
    throw new InputError(`nothing could be measured: ${[...new Set(failures.map(({ reason }) => reason))].join('; ')}`)
  return studyOf({ reports, failures, warnings, prices: options.prices, reference: null })
}

/** Why there is no report; what was handed in is checked, since who can write to the queue can hand in anything. */
function whyNot(outcome: Outcome): string | undefined {
  if (outcome.state === 'failed') return outcome.reason
  const fault = outcome.state === 'done' ? faultIn('saved-report', outcome.report) : undefined
  return fault === undefined ? undefined : `what the agent handed in is no report of a latency (${fault})`
}

/** As the user named the model, and not as the agent's folder did. */
const named = (report: ReportDocument, { model }: Combination): ReportDocument =>
  report.model === null ? report : { ...report, model: { ...report.model, file: model } }

async function kindsOf({ queue, machines }: DispatchParts): Promise<readonly string[]> {
  const listening = [...new Set((await queue.listening()).map(({ machine }) => machine))].sort()
  if (listening.length === 0)
    throw new InputError('--queue: no agent listens; start one on each machine with whyslow agent --queue')
  const wanted =
    machines === null ? listening : listening.filter((machine) => machines.some((pattern) => fitsKind(pattern, machine)))
  if (wanted.length === 0)
    throw new InputError(`--machines ${machines!.join(',')}: none of those that listen fits: ${listening.join(', ')}`)
  return wanted
}

async function ask(
  combinations: readonly Combination[],
  kinds: readonly string[],
  { queue, options, models, key, priority }: DispatchParts,
): Promise<Asked[]> {
  const stored = new Map<string, StoredFile[]>()
  for (const file of new Set(combinations.map(({ model }) => model))) {
    const kept: StoredFile[] = []
    for (const part of await modelFiles(await readModel(file))) kept.push(await keep(models, part))
    stored.set(file, kept)
  }
  const data = options.data === null ? [] : [await keep(models, options.data)]
  const { threads, seconds, quick, labels, values } = options
  // Another run of the same is measured again.
  const run = randomBytes(8).toString('hex')
  const asked: Asked[] = []
  for (const one of combinations) {
    const { model, engine, batch } = one
    const given = { model: stored.get(model)!, data, engine, batch, threads, seconds, quick, labels, run }
    const unsigned = { ...given, shapes: plainShapes(one.shapes), values: Object.fromEntries(values) }
    for (const machine of kinds) {
      const job = makeJob(unsigned, key === null ? null : { key, machine })
      await queue.add(machine, job.trial, job, priority)
      asked.push({ ...one, machine, trial: job.trial })
    }
  }
  return asked
}

const plainShapes = (shapes: FleetOptions['shapes']): Record<string, number[]> =>
  Object.fromEntries([...shapes].map(([name, shape]) => [name, [...shape]]))
