// `pipeline --explain-gap`: why is the application slower than a benchmark? One difference after the other is taken away, and each is measured.
import type { StageProgress } from '@whyslow/command/progress.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { GapDocument } from '@whyslow/report/documents/gap.ts'
import { gapAnswer } from '@whyslow/report/text/gap/gap-answer.ts'
import { type RunPass, runPass } from '../../driver.ts'
import { climb, GAP_MS, modelAlone, type Rung, rungOf, rungsOf, stepsOf } from '../../gap/ladder.ts'
import {
  type AlternativesFound,
  type Contestant,
  ContestantFailed,
  type OpenedContestant,
  type ProcessActivity,
} from '../../turns/contestant.ts'
import { readSamples } from '../../turns/read-samples.ts'
import { startContestant } from '../../turns/start-contestant.ts'
import type { Encoded } from '../../turns/value.ts'
import { type Field, type FieldOptions, onField, sourceOf, wordsOf } from '../ab/field.ts'
import { targetFile } from '../pipeline/target-file.ts'
import { type BareMeasurement, type BareOrNot, withBare } from './bare-measurement.ts'

export interface GapOptions extends FieldOptions {
  readonly data: string | null
  readonly call: string | null
  readonly python: string | null
  /** Three fresh processes in place of five. */
  readonly quick: boolean
  /** Passes in a block; of slow programs fewer do. */
  readonly passes: number
  readonly trials: TrialRunner
  /** Runs the process that is asked for the engine's sessions. */
  readonly pass: RunPass
  readonly onProgress?: (progress: StageProgress) => void
}

/** One with gaps takes as many times the gap. */
const PASSES = 6

const GAP_DEFAULTS: GapOptions = {
  data: null,
  call: null,
  python: null,
  quick: false,
  passes: PASSES,
  limitSeconds: 300,
  trials: localTrials,
  pass: runPass,
  start: startContestant,
}

const PROCESSES = 5
const QUICK_PROCESSES = 3
/** Samples that are rotated through: enough that none is in the caches for the others' sake. */
const SAMPLES = 4
const BLOCK_MS = 150
const SLOW_PASSES = 2
const SLOW_MS = 300
/** Observing other threads during the calls: what it takes itself, and about how many passes it makes. */
const LOOK_LIMIT_MS = 60_000
const LOOK_PASSES = 60

const OTHERS: readonly ProcessActivity[] = ['loop', 'sessions', 'threads']

/** Throws InputError if the file cannot be used, is a script, or fails. */
export async function explainGap(given: string, some: Partial<GapOptions> = {}): Promise<GapDocument> {
  const options = { ...GAP_DEFAULTS, ...some }
  const meant = options.call?.includes(':') === true ? targetFile(given, options.call) : { file: given, call: options.call }
  const source = sourceOf(meant.file, { ...options, call: meant.call })
  const data = options.data === null ? null : readSamples(options.data, SAMPLES)
  const warnings: string[] = []
  const progress = options.onProgress ?? (() => {})
  return onField([source], options, {
    trials: options.trials,
    progress,
    warnings,
    work: (field) => run({ field, given, data, options, warnings, progress }),
    failed: (error) => wordsOf(error, given),
  })
}

interface Job {
  readonly field: Field
  readonly given: string
  readonly data: readonly Encoded[] | null
  readonly options: GapOptions
  readonly warnings: string[]
  readonly progress: (progress: StageProgress) => void
}

type Left = NonNullable<GapDocument['left']>[number]

/** What is known before anything is timed, from a process that is gone. */
interface Scouted extends AlternativesFound {
  readonly order: readonly number[]
  readonly stages: readonly string[]
  readonly runtime: string
}

async function run(job: Job): Promise<GapDocument> {
  const { field, given, options, warnings } = job
  const scouted = await scout(job)
  const { limitSeconds, trials, pass, python, data, signal } = options
  const plan = { source: field.sources[0]!, main: scouted.main, data, python, limitSeconds, trials, pass, signal }
  const { rungs, processes, left } = await withBare(plan, (bare) => climbAll(job, scouted, bare))
  const steps = stepsOf(rungs, processes)
  const last = steps.at(-1)!
  const document = {
    ...documentHead('whyslow-gap/1'),
    file: given,
    language: field.sources[0]!.language,
    runtime: scouted.runtime,
    processes: processes.length,
    rungs: steps,
    unexplainedMs: last.id === 'model-alone' ? last.savedMs : null,
    left,
    warnings,
  }
  return { ...document, answer: gapAnswer(document) }
}

/** Opens the application, and observes its other threads during its calls. */
async function scout(job: Job): Promise<Scouted> {
  const { field } = job
  job.progress({ stage: 'looking at other threads during the calls', done: 0, of: processesOf(job.options) + 1 })
  const { contestant, order, opened, passMs } = await ready(job)
  const known = { order, stages: opened.stages, runtime: opened.runtime }
  try {
    const limitMs = LOOK_LIMIT_MS + LOOK_PASSES * passMs
    return { ...known, ...(await contestant.ask({ ask: 'others', order }, limitMs)) }
  } catch (error) {
    if (!(error instanceof ContestantFailed)) throw error
    // Whatever it was, calls by themselves go well: the rungs that need none of it can be climbed.
    const reason = `other threads could not be paused during the calls: ${error.failure.reason}`
    return { ...known, main: null, others: OTHERS.map((other) => ({ other, seen: '', reason })) }
  } finally {
    await field.end()
  }
}

interface Ladder {
  readonly rungs: readonly Rung[]
  readonly processes: readonly (readonly number[])[]
  /** Rungs that this application does not have, or that cannot be taken away. */
  readonly left: readonly Left[]
}

async function climbAll(job: Job, scouted: Scouted, bare: BareOrNot): Promise<Ladder> {
  const held = scouted.others.filter(({ seen, reason }) => seen !== null && reason === null)
  const left = leftOut(scouted, bare)
  try {
    return await climbWith(job, { ...scouted, others: held }, { bare, left })
  } catch (error) {
    if (!(error instanceof ContestantFailed) || held.length === 0) throw error
    await job.field.end()
    const reason = `calls fail while this is paused: ${error.failure.reason}`
    const without = held.map(({ other }) => ({ id: rungOf(other), reason }))
    return climbWith(job, { ...scouted, others: [] }, { bare, left: [...left, ...without] })
  }
}

async function climbWith(
  job: Job,
  scouted: Scouted,
  { bare, left }: { readonly bare: BareOrNot; readonly left: readonly Left[] },
): Promise<Ladder> {
  const { field, options, progress } = job
  const own = rungsOf(scouted)
  const processes: number[][] = []
  const alone: number[] = []
  let absent: string | null = 'reason' in bare ? bare.reason : null
  const most = processesOf(options)
  for (let k = 0; k < most; k++) {
    progress({ stage: `process ${k + 1}`, done: k + 1, of: most + 1 })
    const { contestant, order, passMs } = await ready(job)
    if (scouted.others.some(({ other }) => other === 'sessions'))
      await contestant.ask({ ask: 'others', order }, LOOK_LIMIT_MS + LOOK_PASSES * passMs)
    const leastPasses = passMs > SLOW_MS ? SLOW_PASSES : options.passes
    const limitMs = field.limitMs + 20 * leastPasses * (passMs + order.length * GAP_MS)
    processes.push(await climb(contestant, own, { leastMs: BLOCK_MS, leastPasses, limitMs }))
    await field.end()
    if (absent !== null || 'reason' in bare) continue
    const measured = await measuredTwice(bare)
    if (typeof measured === 'number') alone.push(measured)
    else absent = measured.reason
  }
  if (absent !== null || 'reason' in bare)
    return { rungs: own, processes, left: 'reason' in bare ? left : [...left, { id: 'model-alone', reason: absent! }] }
  return { rungs: [...own, modelAlone(bare.title)], processes: processes.map((times, k) => [...times, alone[k]!]), left }
}

/** One process that fails is no reason to lose the foot of all ladders: it is tried again, once. */
async function measuredTwice(bare: BareMeasurement): Promise<number | { readonly reason: string }> {
  const first = await bare.measure()
  return typeof first === 'number' ? first : bare.measure()
}

const NOTHING: Readonly<Record<ProcessActivity, string>> = {
  loop: 'nothing but the calls was at work on the event loop',
  sessions: 'no other session of onnxruntime was at work',
  threads: 'no other thread of the application was at work',
}

function leftOut({ others, order, stages }: Scouted, bare: BareOrNot): Left[] {
  return [
    ...others.flatMap(({ other, seen, reason }) =>
      seen === null || reason !== null ? [{ id: rungOf(other), reason: reason ?? NOTHING[other] }] : [],
    ),
    ...(stages.length > 1 ? [] : [{ id: 'predict-alone' as const, reason: 'the called function is the whole prediction' }]),
    ...(order.length > 1 ? [] : [{ id: 'one-input' as const, reason: 'there is one input' }]),
    ...('reason' in bare ? [{ id: 'model-alone' as const, reason: bare.reason }] : []),
  ]
}

const processesOf = ({ quick }: Pick<GapOptions, 'quick'>): number => (quick ? QUICK_PROCESSES : PROCESSES)

interface Ready {
  readonly contestant: Contestant
  readonly opened: OpenedContestant
  readonly order: readonly number[]
  /** All samples once. */
  readonly passMs: number
}

/** A new process of the application that has its samples, and has made its first calls: they compile, and read what others find in memory. */
async function ready({ field, given, data }: Job): Promise<Ready> {
  const { contestant, opened } = await field.open(0, { watched: true })
  if (opened.stages.length === 0)
    throw new InputError(`${given} is a script: it has no calls to explain; give it a predict function`)
  const { hasSamples, takesSample } = opened
  const samples = await prepare(contestant, { data, hasSamples, field, given, takesSample })
  const order = Array.from({ length: samples }, (_, sample) => sample)
  let passMs = 0
  for (const sample of [...order, ...order]) passMs += (await contestant.ask({ ask: 'output', sample }, field.limitMs)).timeMs / 2
  return { contestant, opened, order, passMs }
}

interface Prepared extends Pick<Job, 'data' | 'field' | 'given'> {
  readonly hasSamples: boolean
  readonly takesSample: boolean
}

/** How many samples it works on. */
async function prepare(program: Contestant, { data, hasSamples, takesSample, field, given }: Prepared): Promise<number> {
  if (data === null && !hasSamples && takesSample)
    throw new InputError(`${given} takes a sample, and has no samples(); give --data, or add samples()`)
  const none: Encoded = { tree: { kind: 'nothing', type: 'undefined' }, buffers: [] }
  const own = data === null && hasSamples ? await program.ask({ ask: 'samples', most: SAMPLES }, field.limitMs) : null
  const samples = own?.samples ?? data ?? [none]
  if (samples.length === 0) throw new InputError(`${given}: samples() gives none; give at least one`)
  // Samples that would arrive as something else stay the program's own, and are copied there if they can be.
  if (own === null || own.stays === null) await program.ask({ ask: 'give', samples }, field.limitMs)
  return samples.length
}
