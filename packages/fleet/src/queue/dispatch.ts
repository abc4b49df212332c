// `fleet --queue`: every model on every kind of machine that listens, through the queue; the study at the end.
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { readModel } from '@whyslow/formats/index.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { StudyDocument } from '@whyslow/report/documents/study.ts'
import { type Combination, combinationsOf, type FleetOptions, failureOf } from '../fleet.ts'
import { fitsKind, processorOf } from '../study/machine-class.ts'
import { studyOf } from '../study/study.ts'
import type { FileStore } from './file-store.ts'
import { makeJob } from './job.ts'
import type { StoredFile } from './job-type.ts'
import { modelFiles } from './model-files.ts'
import { keep } from './model-store.ts'
import { oneLine } from './one-line.ts'
import type { AskingQueue, ListeningAgent, Outcome } from './queue.ts'
import { checkResult } from './result.ts'

export interface DispatchParts {
  readonly queue: AskingQueue
  readonly options: FleetOptions
  /** Patterns of machines or of what they have, with *; null: all that listen. */
  readonly machines: readonly string[] | null
  /** Where all machines see models and inputs. */
  readonly models: FileStore
  readonly key: string | null
  /** Priority from 1, which is taken first, to 9. */
  readonly priority: number
  readonly pollMs?: number
  readonly nowMs?: () => number
}

interface Asked extends Combination {
  readonly machine: string
  readonly trial: string
}

export const POLL_MS = 500
/** A queue gives out what was asked for first: behind so many that have not ended, nothing is looked for yet. */
export const MOST_WAITING = 64
/** How often the queue is asked which agents listen. */
export const LOOK_MS = 30_000
/** A kind of machine of which no agent listens, and none holds a trial, for this long is gone: an agent that is started again is back by then. */
export const SILENT_MS = 5 * 60_000
/** A job that the queue no longer knows may be between two states. */
const LOST_AFTER_LOOKS = 10

/** Throws InputError if nobody listens or nothing could be measured, and the signal's reason if it is aborted. */
export async function dispatch(files: readonly string[], parts: DispatchParts): Promise<StudyDocument> {
  const { queue, options, nowMs = Date.now } = parts
  const { combinations, failures, warnings } = await combinationsOf(files, options)
  const kinds = await kindsOf(parts)
  const asked = await ask(combinations, kinds, parts)
  const open = new Map(asked.map((one) => [one, 0]))
  const reports: ReportDocument[] = []
  /** When an agent of each kind of machine last listened, or held one of the trials; keyed by kind. */
  const heard = new Map(kinds.map((machine) => [machine, nowMs()]))
  let lookedMs = nowMs()
  const tell = () => {
    const done = asked.length - open.size
    options.onProgress?.({ stage: stageOf(asked.length, [...open.keys()], { heard, nowMs: nowMs() }), done, of: asked.length })
  }
  try {
    tell()
    while (open.size > 0) {
      if (nowMs() - lookedMs >= LOOK_MS) {
        lookedMs = nowMs()
        for (const { machine } of (await queue.listening()).filter(isOurs)) heard.set(machine, lookedMs)
        tell()
      }
      const waiting = new Map<string, number>()
      for (const [one, looks] of [...open]) {
        options.signal?.throwIfAborted()
        const before = waiting.get(one.machine) ?? 0
        if (before >= MOST_WAITING) continue
        const outcome = await queue.outcome(one.machine, one.trial)
        if (outcome.state === 'waiting' || outcome.state === 'active') {
          open.set(one, 0)
          if (outcome.state === 'active') heard.set(one.machine, nowMs())
          waiting.set(one.machine, before + 1)
          continue
        }
        if (outcome.state === 'lost' && looks < LOST_AFTER_LOOKS) {
          open.set(one, looks + 1)
          continue
        }
        open.delete(one)
        heard.set(one.machine, nowMs())
        const ended = endOf(outcome, one, parts.key)
        if (typeof ended === 'string') failures.push(failureOf(one, processorOf(one.machine), ended))
        else reports.push(named(ended, one))
        tell()
      }
      for (const one of [...open.keys()]) {
        if (nowMs() - heard.get(one.machine)! < SILENT_MS) continue
        open.delete(one)
        await queue.cancel(one.machine, one.trial)
        failures.push(failureOf(one, processorOf(one.machine), goneFor(one.machine)))
        tell()
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

/** As the line of progress shows it: how many trials have ended, and which machines the others wait for. */
function stageOf(
  count: number,
  open: readonly Asked[],
  { heard, nowMs }: { readonly heard: ReadonlyMap<string, number>; readonly nowMs: number },
): string {
  const trials = `${count - open.length} of ${count} trials`
  const waits = [...new Set(open.map(({ machine }) => machine))].map((machine) => {
    const silentMs = nowMs - heard.get(machine)!
    const left = open.filter((one) => one.machine === machine).length
    const silence = `, no agent for ${Math.round(silentMs / 1000)} of ${SILENT_MS / 1000} s`
    return `${machine} (${left}${silentMs > LOOK_MS ? silence : ''})`
  })
  return waits.length === 0 ? trials : `${trials}; waits for ${waits.join(', ')}`
}

const goneFor = (machine: string): string =>
  `no agent of ${machine} has listened for ${SILENT_MS / 60_000} minutes; start one with whyslow fleet worker --queue`

/** The report, or why there is none; what was handed in is checked, since who can write to the queue can hand in anything. */
function endOf(outcome: Outcome, of: Asked, key: string | null): ReportDocument | string {
  if (outcome.state === 'failed') return oneLine(outcome.reason)
  if (outcome.state !== 'done') return 'the queue lost it'
  const checked = checkResult(outcome.result, of, key)
  return checked.ok ? checked.result.report : `what the agent handed in is ${checked.reason}`
}

/** As the user named the model, and not as the agent's folder did. */
const named = (report: ReportDocument, { model }: Combination): ReportDocument =>
  report.model === null ? report : { ...report, model: { ...report.model, file: model } }

const isOurs = ({ fault }: ListeningAgent): boolean => fault === null

async function kindsOf({ queue, machines }: DispatchParts): Promise<readonly string[]> {
  const announced = await queue.listening()
  const listening = [...new Set(announced.filter(isOurs).map(({ machine }) => machine))].sort()
  const stranger = announced.find((one) => !isOurs(one))
  if (listening.length === 0)
    throw new InputError(
      stranger === undefined
        ? '--queue: no agent listens; start one on each machine with whyslow fleet worker --queue'
        : `--queue: no agent of this fleet listens (of what ${oneLine(stranger.agent)} says of itself: ${stranger.fault}); start agents with the same key`,
    )
  const wanted =
    machines === null ? listening : listening.filter((machine) => machines.some((pattern) => fitsKind(pattern, machine)))
  if (wanted.length === 0)
    throw new InputError(`--only-machines ${machines!.join(',')}: none of those that listen fits: ${listening.join(', ')}`)
  return wanted
}

async function ask(
  combinations: readonly Combination[],
  kinds: readonly string[],
  { queue, options, models, key, priority, nowMs = Date.now }: DispatchParts,
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
  const issuedAt = new Date(nowMs()).toISOString()
  const asked: Asked[] = []
  for (const one of combinations) {
    const { model, engine, batch } = one
    const given = { model: stored.get(model)!, data, engine, batch, threads, seconds, quick, labels, run, issuedAt }
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
