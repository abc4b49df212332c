// `pipeline --explain-gap`: why is the application slower than a benchmark? One difference after the other is taken away, and each is measured.
import { InputError } from '../../graph/input-error.ts'
import { climb, GAP_MS, rungsOf, stepsOf } from '../../pipeline/gap/ladder.ts'
import type { Contestant } from '../../pipeline/turns/contestant.ts'
import { readSamples } from '../../pipeline/turns/read-samples.ts'
import { startContestant } from '../../pipeline/turns/start-contestant.ts'
import type { Encoded } from '../../pipeline/turns/value.ts'
import type { GapDocument } from '../../report/documents/gap.ts'
import { gapAnswer } from '../../report/text/gap-text.ts'
import { localTrials } from '../../trials/local-runner.ts'
import type { TrialRunner } from '../../trials/port.ts'
import { type Field, type FieldOptions, onField, sourceOf, wordsOf } from '../ab/field.ts'
import type { StageProgress } from '../options.ts'
import { targetFile } from '../pipeline/target-file.ts'
import { toolVersion } from '../version.ts'

export interface GapOptions extends FieldOptions {
  readonly data: string | null
  readonly call: string | null
  readonly python: string | null
  /** Three fresh processes in place of five. */
  readonly quick: boolean
  readonly trials: Pick<TrialRunner, 'alone'>
  readonly onProgress?: (progress: StageProgress) => void
}

const GAP_DEFAULTS: GapOptions = {
  data: null,
  call: null,
  python: null,
  quick: false,
  limitSeconds: 300,
  trials: localTrials,
  start: startContestant,
}

const PROCESSES = 5
const QUICK_PROCESSES = 3
/** Samples that are rotated through: enough that none lies in the caches for the others' sake. */
const SAMPLES = 4
const BLOCK_MS = 150
/** Passes in a block; one with gaps takes as many times the gap. */
const PASSES = 6
const SLOW_PASSES = 2
const SLOW_MS = 300

/** Throws InputError where the file cannot be used, is a script, or fails. */
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

async function run({ field, given, data, options, warnings, progress }: Job): Promise<GapDocument> {
  const processes: number[][] = []
  const most = options.quick ? QUICK_PROCESSES : PROCESSES
  let rungs: ReturnType<typeof rungsOf> = []
  let runtime = ''
  for (let k = 0; k < most; k++) {
    progress({ stage: `process ${k + 1}`, done: k, of: most })
    const { contestant, opened } = await field.open(0)
    if (opened.stages.length === 0)
      throw new InputError(`${given} is a script: it has no calls to explain; give it a predict function`)
    const samples = await prepare(contestant, {
      data,
      hasSamples: opened.hasSamples,
      field,
      given,
      takesSample: opened.takesSample,
    })
    const order = Array.from({ length: samples }, (_, sample) => sample)
    rungs = rungsOf(order, opened.stages)
    runtime = opened.runtime
    let passMs = 0
    // The first calls compile, and read what others find in memory.
    for (const sample of [...order, ...order])
      passMs += (await contestant.ask({ ask: 'output', sample }, field.limitMs)).timeMs / 2
    const leastPasses = passMs > SLOW_MS ? SLOW_PASSES : PASSES
    const limitMs = field.limitMs + 20 * leastPasses * (passMs + samples * GAP_MS)
    processes.push(await climb(contestant, rungs, { leastMs: BLOCK_MS, leastPasses, limitMs }))
    await field.end()
  }
  const document = {
    schema: 'whyslow-gap/1' as const,
    tool: { version: toolVersion },
    createdAt: new Date().toISOString(),
    file: given,
    language: field.sources[0]!.language,
    runtime,
    processes: processes.length,
    rungs: stepsOf(rungs, processes),
    warnings,
  }
  return { ...document, answer: gapAnswer(document) }
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
  // Samples that cannot be copied stay the program's own: each is then the same object at every call.
  if (own === null || own.travels) await program.ask({ ask: 'give', samples }, field.limitMs)
  return samples.length
}
