// `ab`: two implementations of one thing, of JavaScript or Python each, in processes of their own. Do they give the same, and which is faster?
import type { StageProgress } from '@whyslow/command/progress.ts'
import { documentHead } from '@whyslow/command/version.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { decide, LEVEL, median } from '@whyslow/measure/statistics/index.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { AbDocument, AbSide } from '@whyslow/report/documents/ab.ts'
import { abAnswer } from '@whyslow/report/text/ab-text.ts'
import { type ComparedOutputs, compareContestants } from '../../turns/compare-outputs.ts'
import type { Contestant, FileOverrides, OpenedContestant, Source } from '../../turns/contestant.ts'
import { readSamples } from '../../turns/read-samples.ts'
import { startContestant } from '../../turns/start-contestant.ts'
import { measurePair, type Pair, ratiosOf } from '../../turns/take-turns.ts'
import type { Encoded } from '../../turns/value.ts'
import { waitUntilResting } from '../../turns/wait-until-resting.ts'
import { type Field, type FieldOptions, onField, sourceOf, wordsOf } from './field.ts'
import { compareScripts } from './scripts.ts'

export interface AbOptions extends FieldOptions {
  /** Samples for both; null: those of the first one that has some. */
  readonly data: string | null
  /** A function to call in both in place of the stages. */
  readonly call: string | null
  readonly python: string | null
  /** The programs' own; absent: none. */
  readonly arguments?: readonly string[]
  /** Pairs of fresh processes; null: 8, or 5 with `quick`. */
  readonly pairs: number | null
  readonly quick: boolean
  /** Relative; null: by the types of the numbers. */
  readonly tolerance: number | null
  /** The second program is the first one with these changes; absent: it is another file. */
  readonly instead?: FileOverrides
  /** What both are called; absent: as their files. */
  readonly names?: readonly [string, string]
  readonly trials: Pick<TrialRunner, 'alone'>
  readonly onProgress?: (progress: StageProgress) => void
}

export const AB_DEFAULTS: AbOptions = {
  data: null,
  call: null,
  python: null,
  pairs: null,
  quick: false,
  tolerance: null,
  limitSeconds: 300,
  trials: localTrials,
  start: startContestant,
}

const PAIRS = 8
export const QUICK_PAIRS = 5
/** Samples that are compared and rotated through. */
const MOST_SAMPLES = 64
/** One pass over the samples that are timed takes about this long at most, so that a block is several. */
const PASS_MS = 100
const BLOCK_MS = 150
const QUICK_BLOCK_MS = 80
/** Code is optimized as it runs. */
const WARM_UP_MS = 300
const OUTPUTS_BUDGET_MS = 20_000

/** Throws InputError if a file cannot be used, or a program in it fails. */
export async function ab(files: readonly [string, string], given: Partial<AbOptions> = {}): Promise<AbDocument> {
  const options = { ...AB_DEFAULTS, ...given }
  const sources = sourcesOf(files, options)
  const data = options.data === null ? null : readSamples(options.data, MOST_SAMPLES)
  const warnings: string[] = []
  const progress = options.onProgress ?? (() => {})
  return onField(sources, options, {
    trials: options.trials,
    progress,
    warnings,
    work: (field) => run({ field, files: options.names ?? files, data, options, warnings, progress }),
    failed: (error, side) => `${wordsOf(error, (options.names ?? files)[side])}; nothing is compared`,
  })
}

function sourcesOf([a, b]: readonly [string, string], options: AbOptions): readonly [Source, Source] {
  const { instead, arguments: words } = options
  const first = { ...sourceOf(a, options), ...(words && { arguments: words }) }
  return [first, instead === undefined ? sourceOf(b, options) : { ...first, instead }]
}

interface Job {
  readonly field: Field
  readonly files: readonly [string, string]
  readonly data: readonly Encoded[] | null
  readonly options: AbOptions
  readonly warnings: string[]
  readonly progress: (progress: StageProgress) => void
}

async function run(job: Job): Promise<AbDocument> {
  const { field, files, options, warnings, progress } = job
  progress({ stage: 'opening both', done: 0, of: 1 })
  const [a, b] = [await field.open(0), await field.open(1)]
  const [scriptA, scriptB] = [a, b].map(({ opened }) => opened.stages.length === 0)
  if (scriptA && scriptB) {
    await field.end()
    return compareScripts([field.sources[0]!, field.sources[1]!], files, {
      ...options,
      pairs: pairsOf(options),
      warnings,
      progress,
    })
  }
  if (scriptA || scriptB)
    throw new InputError(
      `${files[scriptA ? 0 : 1]} has no predict function, ${files[scriptA ? 1 : 0]} has one; give both one, or name a function with --call`,
    )
  const samples = await chooseSamples([a, b], job)
  progress({ stage: 'comparing what they give', done: 0, of: 1 })
  const sameLanguage = field.sources[0]!.language === field.sources[1]!.language
  const outputs = await compareContestants(
    a.contestant,
    b.contestant,
    {
      samples: samples.count,
      limitMs: field.limitMs,
      budgetMs: OUTPUTS_BUDGET_MS,
      tolerance: options.tolerance,
      sameLanguage,
      allowNoise: options.instead === undefined,
    },
    () => performance.now(),
  )
  await field.end()
  const turns = await takeTurns(job, samples, outputs)
  const { pairs } = turns
  const decision = decide(ratiosOf(pairs))
  const { firstMs, timesMs: _, wroteInput, copied, varying, handedBack, ...compared } = outputs
  for (const [k, side] of (['a', 'b'] as const).entries())
    if (wroteInput[side]) warnings.push(`${files[k]} writes into its sample; ${copied[side] ? COPIED : NOT_COPIED}`)
  if (handedBack !== null)
    warnings.push(
      `the original model answered ${plural(handedBack.samples, 'sample')} that its replacement does not take: ${handedBack.reason}`,
    )
  const side = (k: 0 | 1): AbSide => ({
    file: files[k],
    language: field.sources[k]!.language,
    runtime: [a, b][k]!.opened.runtime,
    call: [a, b][k]!.opened.stages,
    callMs: median(pairs.map((pair) => (k === 0 ? pair.aMs : pair.bMs))),
    importMs: median(turns.opened[k].map(({ importMs }) => importMs)),
    loadMs: turns.opened[k][0]!.loadMs === null ? null : median(turns.opened[k].map(({ loadMs }) => loadMs ?? 0)),
    firstMs: firstMs[k === 0 ? 'a' : 'b'],
    packages: [a, b][k]!.opened.packages,
  })
  const document = {
    ...documentHead('whyslow-ab/1'),
    ...decision,
    levelPercent: LEVEL,
    pairs,
    a: side(0),
    b: side(1),
    samples: { count: samples.count, timed: turns.timed, source: samples.source },
    outputs: { ...compared, ...(varying.length > 0 && { varying }) },
    warnings,
  }
  return { ...document, answer: abAnswer(document) }
}

const pairsOf = ({ pairs, quick }: AbOptions): number => pairs ?? (quick ? QUICK_PAIRS : PAIRS)

/** What becomes of what is written into a sample. */
const COPIED = 'every call is given a copy, made outside the times'
const NOT_COPIED = 'it is of a kind that is not copied, so that each call finds what the one before left in it'

interface ChosenSamples {
  readonly count: number
  readonly source: AbDocument['samples']['source']
  /** Makes a process ready to be called with them. */
  prepare(contestant: Contestant): Promise<void>
}

type Ready = Awaited<ReturnType<Field['open']>>

/** The same ones for both: what was given, or those of the first program that has some and can hand them on. */
async function chooseSamples(both: readonly [Ready, Ready], job: Job): Promise<ChosenSamples> {
  const { data, field, files } = job
  const giving = (samples: readonly Encoded[], source: ChosenSamples['source']): ChosenSamples => ({
    count: samples.length,
    source,
    prepare: async (contestant) => void (await contestant.ask({ ask: 'give', samples }, field.limitMs)),
  })
  const chosen = data === null ? await ownSamples(both, job, giving) : giving(data, 'data')
  if (chosen === null) {
    const needs = both.findIndex(({ opened }) => opened.takesSample)
    if (needs >= 0)
      throw new InputError(`${files[needs]} takes a sample, and neither file has samples(); give --data, or add samples()`)
    const none: Encoded = { tree: { kind: 'nothing', type: 'undefined' }, buffers: [] }
    return prepared(both, giving([none], 'none'))
  }
  if (chosen.count === 0) throw new InputError(`${files[chosen.source === 'b' ? 1 : 0]}: samples() gives none; give at least one`)
  return prepared(both, chosen)
}

async function prepared(both: readonly [Ready, Ready], chosen: ChosenSamples): Promise<ChosenSamples> {
  for (const { contestant } of both) await chosen.prepare(contestant)
  return chosen
}

async function ownSamples(
  both: readonly [Ready, Ready],
  { field, files, warnings }: Job,
  giving: (samples: readonly Encoded[], source: ChosenSamples['source']) => ChosenSamples,
): Promise<ChosenSamples | null> {
  const ask = (k: 0 | 1) => both[k].contestant.ask({ ask: 'samples', most: MOST_SAMPLES }, field.limitMs)
  if (!both.some(({ opened }) => opened.hasSamples)) return null
  const holder = both[0].opened.hasSamples ? 0 : 1
  const { samples, stays } = await ask(holder)
  if (stays === null) return giving(samples, holder === 0 ? 'a' : 'b')
  const other = holder === 0 ? 1 : 0
  if (!both[other].opened.hasSamples)
    throw new InputError(
      `${files[holder]}: samples() returns values that cannot be passed to ${files[other]} unchanged (${stays}); add samples() to that, too, or give --data`,
    )
  const { samples: others } = await ask(other)
  warnings.push(
    `the samples cannot be passed from one program to the other unchanged (${stays}): each program uses its own, in their order`,
  )
  return {
    count: Math.min(samples.length, others.length),
    source: 'own',
    async prepare(contestant) {
      await contestant.ask({ ask: 'samples', most: MOST_SAMPLES }, field.limitMs)
      await contestant.ask({ ask: 'keep' }, field.limitMs)
    },
  }
}

async function takeTurns(job: Job, samples: ChosenSamples, outputs: ComparedOutputs) {
  const { field, options, progress, warnings } = job
  const order = chooseOrder(outputs.timesMs)
  const passMs = order.reduce((sum, sample) => sum + outputs.timesMs[sample]!, 0)
  const copies = outputs.wroteInput.a || outputs.wroteInput.b
  const leastPasses = passMs > 1000 ? 1 : passMs > 200 ? 2 : 5
  const time = { ask: 'time', order, leastMs: options.quick ? QUICK_BLOCK_MS : BLOCK_MS, leastPasses, copies } as const
  const warmUp = { ...time, leastMs: options.quick ? WARM_UP_MS / 2 : WARM_UP_MS, leastPasses: passMs > 1000 ? 1 : 3 }
  const pairs: Pair[] = []
  const opened: readonly [OpenedContestant[], OpenedContestant[]] = [[], []]
  let restless = false
  const rest = async (idle: Contestant) => {
    restless = !(await waitUntilResting(idle.pid)) || restless
  }
  const most = pairsOf(options)
  for (let k = 0; k < most; k++) {
    progress({ stage: `pair ${k + 1}`, done: k, of: most })
    const first = k % 2 === 0 ? ('a' as const) : ('b' as const)
    const sides = first === 'a' ? ([0, 1] as const) : ([1, 0] as const)
    const ready = new Map<0 | 1, Contestant>()
    for (const side of sides) {
      const one = await field.open(side)
      opened[side].push(one.opened)
      await samples.prepare(one.contestant)
      ready.set(side, one.contestant)
    }
    const limitMs = field.limitMs + time.leastMs + leastPasses * 20 * passMs
    const pair = await measurePair(ready.get(0)!, ready.get(1)!, { time, warmUp, first, limitMs, rest })
    pairs.push({ aMs: pair.aMs / order.length, bMs: pair.bMs / order.length })
    await field.end()
  }
  if (restless)
    warnings.push('a process went on working while it was the other one’s turn: threads that spin, or work in the background')
  return { pairs, opened, timed: order.length }
}

/** Samples of one pass: all of them where that is quick, else as many as fit, spread evenly. Exported for its test. */
export function chooseOrder(timesMs: readonly number[]): number[] {
  const mean = timesMs.reduce((sum, one) => sum + one, 0) / timesMs.length
  const fit = Math.max(1, Math.min(timesMs.length, Math.floor(PASS_MS / Math.max(mean, 1e-6))))
  return Array.from({ length: fit }, (_, k) => Math.floor((k * timesMs.length) / fit))
}
