// `fix` on a generator: measures it, tries the remedies in pairs of processes, proves that tokens stay, and ships the whole.
import { withMachineLock } from '@whyslow/command/machine-lock.ts'
import { checkOut } from '@whyslow/command/model-files/out-folder.ts'
import { nearest } from '@whyslow/command/nearest.ts'
import { inTemporaryFolder } from '@whyslow/command/temporary-folder.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { DEFAULT_LOSS_LIMITS } from '@whyslow/measure/outputs/index.ts'
import { reasonInWords, type Trial, type TrialLimits } from '@whyslow/measure/trials/port.ts'
import type { GenerationDocument, GenerationFix, GenerationTrial } from '@whyslow/report/documents/generation.ts'
import { addressName } from '@whyslow/report/text/addresses.ts'
import { generatorEngineById } from '../../engines/index.ts'
import type { Answer } from '../../prove/answers.ts'
import { localBench, type Prompts } from '../../prove/bench.ts'
import {
  type Budget,
  budgetFor,
  budgetPlan,
  CALL_TOKENS,
  CALLS,
  firstOf,
  lookTokens,
  MOST_PAIRS,
  PROOF_PAIRS,
  PROOF_PROMPTS,
  PROOF_TOKENS,
} from '../../prove/budget.ts'
import type { Candidate, CandidateContext } from '../../prove/candidate.ts'
import { isFaster } from '../../prove/duel.ts'
import { DEFAULT_LOSS } from '../../prove/equality.ts'
import { type Metric, userMetric } from '../../prove/metric.ts'
import { proveWhole, type WholeProof } from '../../prove/prove-whole.ts'
import { answersInParts, search, textsOf } from '../../prove/search.ts'
import type { GeneratorSetup } from '../../prove/setup.ts'
import { generate } from '../generate/generate.ts'
import { promptsFor, type UsersPrompts } from '../generate/prompts-for.ts'
import { recognizeSource } from '../generate/recognize.ts'
import { candidatesFor, shippableEngines } from './candidates-for.ts'
import { evaluator } from './evaluate.ts'
import { answerOf, fixOf, markDropped } from './fix-document.ts'
import { FIX_GENERATOR_DEFAULTS, type FixGeneratorOptions } from './options.ts'
import { longPrompts, proofTextsOf } from './prompt-ids.ts'
import type { FixRun } from './run.ts'
import { newFolder, shipProven, trialFolder } from './ship-proven.ts'

const NO_USERS: UsersPrompts = { prompts: null, sounds: null }

/** Most memory and time of one process: what does not end hangs. */
const LIMIT_MS = 600_000

/**
 * Tries the remedies on the generator at `source` and writes what is proven into `out`. Throws InputError if the model, the options or the folder
 * cannot be used, and the signal's reason if it is aborted; then nothing is written.
 */
export async function fixGenerator(
  source: string,
  given: Partial<FixGeneratorOptions> = {},
  measure: typeof generate = generate,
): Promise<GenerationDocument> {
  const options = { ...FIX_GENERATOR_DEFAULTS, ...given }
  if (/^https?:/i.test(source))
    throw new InputError(`${addressName(source)}: fix writes a folder, and an address has none; give the model that it serves`)
  if (options.out !== null) checkOut(options.out, options.force, source)
  const found = await recognizeSource(source, readDtype(options))
  const { reads } = found
  if ((found.fedBy !== undefined && reads === undefined) || reads === 'image')
    throw new InputError(
      `${source}: ${reads === 'image' ? 'an encoder of images' : found.fedBy} feeds the decoder, and fix ships what reads token ids, text or sound; whyslow generate measures it`,
    )
  const users = options.prompts === null ? NO_USERS : promptsFor(found, options.prompts)
  const metric = await metricOf(options, users.prompts ?? [], reads)
  const document = await measure(source, { ...options, ...(reads === undefined ? lengthsFor(found.model.context, options) : {}) })
  options.onDiagnosis?.(document.answer)
  return inTemporaryFolder(async (folder) => {
    const base = { ...baseOf(source, options, document), ...(users.sounds === null ? {} : { sounds: users.sounds }) }
    const engines = await shippableEngines(base, reads)
    const run = {
      ...runOf(source, options, { base, engines: engines.map(({ id }) => id), folder }),
      ...(reads === undefined ? {} : { reads }),
    }
    const tools = { evaluate: run.evaluate, hasEncoder: reads !== undefined }
    const candidates = chosen(candidatesFor(base, engines, tools), options.only)
    if (options.dryRun) return withFix(document, dryRun(candidates))
    const unlocked: string[] = []
    const progress = options.onProgress ?? (() => {})
    const fixed = await withMachineLock(
      { trials: options.trials, progress },
      () => tried(run, candidates, { document, users, metric }),
      unlocked,
    )
    return { ...fixed, warnings: [...new Set([...unlocked, ...fixed.warnings])] }
  })
}

/** If the usual prompt does not fit, half of the context, and a quarter of it for what follows. */
function lengthsFor(context: number | null, { promptTokens, newTokens }: FixGeneratorOptions) {
  if (context === null || promptTokens + newTokens <= context) return {}
  return { promptTokens: Math.max(1, Math.floor(context / 2)), newTokens: Math.max(2, Math.floor(context / 4)) }
}

function baseOf(source: string, options: FixGeneratorOptions, { engine }: GenerationDocument): GeneratorSetup {
  const { threads, prefillThreads, dtype, python } = options
  return {
    ...{ engine: engine.id, source, loop: null },
    options: { threads, prefillThreads, dtype, pythonPath: python, mostRequests: 0 },
  }
}

function runOf(
  source: string,
  options: FixGeneratorOptions,
  { base, engines, folder }: Pick<FixRun, 'base' | 'engines' | 'folder'>,
): FixRun {
  const { trials } = options
  const limits = limitsOf(options)
  return {
    ...{ source, options, base, engines, folder },
    evaluate: evaluator(trials.run, limits, () => newFolder(folder)),
    bench: localBench(limits, trials.run),
  }
}

function chosen(candidates: readonly Candidate[], only: readonly string[] | null): readonly Candidate[] {
  const unknown = only?.find((id) => !candidates.some((one) => one.id === id || one.id.startsWith(`${id}-`)))
  if (unknown !== undefined) {
    const ids = candidates.map(({ id }) => id)
    const meant = nearest(unknown, ids)
    const next = meant === undefined ? `there are ${ids.join(', ')}` : `did you mean ${meant}?`
    throw new InputError(`--only ${unknown}: no such remedy of this generator; ${next}`)
  }
  return only === null ? candidates : candidates.filter(({ id }) => only.some((one) => id === one || id.startsWith(`${one}-`)))
}

const withFix = (document: GenerationDocument, fix: GenerationFix): GenerationDocument => ({ ...document, fix })

function dryRun(candidates: readonly Candidate[]): GenerationFix {
  const tried = candidates.map(
    ({ id, title }): GenerationTrial => ({
      ...{ remedy: id, outcome: 'does not apply', timePerTokenRatio: null },
      reason: `${title}: would be tried`,
    }),
  )
  return fixOf({ tried, sentence: 'nothing was tried (--dry-run)' })
}

interface Measured {
  readonly document: GenerationDocument
  readonly users: UsersPrompts
  readonly metric: Metric | null
}

async function tried(
  run: FixRun,
  candidates: readonly Candidate[],
  { document, users, metric }: Measured,
): Promise<GenerationDocument> {
  const { base, bench, options } = run
  const { prompts, texts } = await proofTextsOf(run, document, users.prompts ?? [])
  const proven = prompts.slice(0, Math.max(PROOF_PROMPTS, metric?.count ?? 0))
  const budget = budgetOf(options, document, proven.length)
  options.onPlan?.(budgetPlan(budget))
  options.onProgress?.({ stage: "the original's answers", done: 0, of: 1 })
  // Behind an encoder the decoder begins with a few tokens, whatever the encoder reads.
  const longest = run.reads === undefined ? Math.max(...prompts.map((prompt) => prompt.length)) : document.setup.promptTokens
  const tokens = tokensFor(document, longest)
  const original = needed(await answersInParts(bench, base, proven, tokens))
  const known = knownOf(run, original, texts)
  const common = {
    ...{ bench, base, known, candidates, original },
    reference: referenceOf(base, document, run.engines),
    gate: {
      maxLoss: options.maxLoss ?? (metric === null ? DEFAULT_LOSS : DEFAULT_LOSS_LIMITS.metric),
      allowsOthers: options.maxLoss !== null,
    },
    metric: metric === null ? null : { of: metric, before: await metric.score(textsOf(original.slice(0, metric.count))) },
    signal: options.signal,
  }
  const timed =
    users.prompts !== null || run.reads === 'sound'
      ? (at: number) => prompts[at % prompts.length]!
      : longPrompts(prompts, document.model.context)
  const startMs = nowMs()
  const promptsOf = (pair: number) => Array.from({ length: CALLS }, (_, k) => timed(pair * CALLS + k))
  const duel = { promptsOf, tokens: Math.min(CALL_TOKENS, tokens) }
  const found = await search({
    ...common,
    // A few answers that are cut off say nothing of a metric.
    look: metric === null ? { prompts: firstOf(prompts), tokens: lookTokens(tokens) } : { prompts: proven, tokens },
    duel: { ...duel, most: MOST_PAIRS, endsEarly: true },
    hasTime: () => nowMs() - startMs < budget.seconds * 1000,
    ...(options.onTrial === undefined ? {} : { onTrial: options.onTrial }),
  })
  options.onProgress?.({ stage: 'the last proof', done: 0, of: 1 })
  const whole = await proveWhole(
    {
      ...common,
      duel: { ...duel, most: PROOF_PAIRS, endsEarly: false },
      shipped: (setup, kept) => trialFolder(run, setup, kept),
    },
    found.kept,
  )
  options.signal?.throwIfAborted()
  if ('reason' in whole)
    return answered(withFix(document, fixOf({ tried: found.tried, sentence: `nothing is proven: ${whole.reason}` })))
  const folder = options.out !== null && isWorthShipping(whole) ? options.out : null
  const rows = markDropped(found.tried, whole.dropped)
  const fixed = answered(withFix(document, fixOf({ tried: rows, proven: whole, folder, sentence: '' })))
  if (folder !== null) await shipProven(run, fixed, whole)
  return fixed
}

/** What was kept has to be faster together, too; if nothing was kept, the original in a folder must cost no time. */
function isWorthShipping({ kept, compared }: WholeProof): boolean {
  if (kept.length > 0) return isFaster(compared)
  return compared.perToken.verdict !== 'slower' && compared.first.verdict !== 'slower'
}

const answered = (document: GenerationDocument): GenerationDocument => ({ ...document, answer: answerOf(document) })

function budgetOf({ budgetSeconds }: FixGeneratorOptions, { speed }: GenerationDocument, prompts: number): Budget {
  const pace = {
    openMs: speed.openMs?.value ?? 0,
    firstMs: speed.timeToFirstTokenMs.value,
    perTokenMs: speed.timePerTokenMs?.value ?? 0,
  }
  return budgetFor(budgetSeconds, pace, prompts)
}

/** An engine that reads other weights has names of its own, not those of files. */
const readDtype = ({ engine, dtype }: FixGeneratorOptions): string | null =>
  engine !== null && generatorEngineById(engine)?.otherWeights !== undefined ? null : dtype

async function metricOf(options: FixGeneratorOptions, users: readonly string[], reads: FixRun['reads']): Promise<Metric | null> {
  const { metric, dryRun, trials } = options
  if (metric === null || dryRun) return null
  if (reads === 'sound')
    throw new InputError(`--metric ${metric} scores answers to texts, and this model reads sound; leave --metric out`)
  if (users.length === 0)
    throw new InputError(`--metric ${metric} scores answers to your own prompts; give them with --prompts FILE`)
  return userMetric(metric, users, trials.run, limitsOf(options))
}

const limitsOf = ({ memoryLimitBytes, signal }: FixGeneratorOptions): TrialLimits => ({
  timeMs: LIMIT_MS,
  memoryBytes: memoryLimitBytes,
  signal,
})

/** Tokens that the context holds after the `longest` that the decoder is fed before, up to those of the proof. */
function tokensFor({ model: { context } }: GenerationDocument, longest: number): number {
  return context === null ? PROOF_TOKENS : Math.max(2, Math.min(PROOF_TOKENS, context - longest))
}

/** The original as it shows logits: on its own engine, or the same model on one that can be fed step by step. */
const referenceOf = (
  base: GeneratorSetup,
  { depthLine }: GenerationDocument,
  engines: readonly string[],
): GeneratorSetup | null => {
  if (depthLine !== null) return base
  return engines[0] === undefined ? null : { ...base, engine: engines[0] }
}

function knownOf({ base, bench, folder, reads }: FixRun, answers: readonly Answer[], texts: Prompts | null): CandidateContext {
  return {
    ...{ original: base, answers, texts: texts ?? answers.map(({ prompt, ids }) => [...prompt, ...ids]) },
    ...{ usableCpus: readUsableCpus(), hasEncoder: reads !== undefined },
    async curve(setup) {
      const found = await bench.curve(setup, answers[0]!.prompt)
      return found.outcome === 'measured' ? found.value : null
    },
    folder: () => newFolder(folder),
  }
}

/** Throws InputError if the original itself fails. */
function needed<T>(trial: Trial<T>): T {
  if (trial.outcome === 'measured') return trial.value
  throw new InputError(`the original cannot be compared with: ${reasonInWords(trial)}`)
}
