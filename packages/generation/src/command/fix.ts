// `whyslow fix` on a generator of text. Here: what was typed, and what goes to the screen.
import { type DocumentFlags, measureAndDeliver } from '@whyslow/command/terminal/document-output.ts'
import { freeDefaultFolder } from '@whyslow/command/terminal/model-flags.ts'
import type { Loudness } from '@whyslow/command/terminal/progress.ts'
import { checkGoal, UsageError } from '@whyslow/command/terminal/usage-error.ts'
import type { GenerationDocument, GenerationFix } from '@whyslow/report/documents/generation.ts'
import { generationTrialLines, renderGenerationFix } from '@whyslow/report/text/generation/fix-text.ts'
import type { FixGeneratorOptions } from '../commands/fix/options.ts'
import type { Surroundings } from './stages.ts'

/** Those flags of `fix` that a generator knows, as they were parsed. */
export interface GeneratorFixFlags extends DocumentFlags, Loudness {
  readonly out?: string
  readonly force?: boolean
  readonly for?: string
  readonly budget?: number
  readonly maxLoss?: number
  readonly require?: number
  readonly only?: readonly string[]
  readonly dryRun?: boolean
  readonly prompts?: string
  readonly metric?: string
  readonly dtype?: string
  readonly engine?: string
  readonly threads?: number
  readonly python?: string
  readonly memoryLimit?: number
}

/** What of `fix` is for models of one prediction. */
const OF_ONE_PREDICTION: Readonly<Record<string, string>> = {
  slo: '--slo',
  shipEngines: '--ship-engines',
  fixShapes: '--fix-shapes',
  outputs: '--outputs',
  shape: '--shape',
  data: '--data',
  labels: '--labels',
  batch: '--batch',
  imageNormalize: '--image-normalize',
  imageLayout: '--image-layout',
  imageDtype: '--image-dtype',
  imageSize: '--image-size',
  imageInput: '--image-input',
}

/** Runs the command. Throws UsageError or InputError before anything is measured, GoalMissed if --require is not reached. */
export async function runFixGenerator(source: string, flags: GeneratorFixFlags, around: Surroundings): Promise<void> {
  checkFlags(source, flags)
  const options = optionsOf(source, flags)
  const document = await measureAndDeliver(flags, around, {
    inputs: [source],
    name: 'generation document',
    run: ({ fixGenerator }, { onProgress, signal }, { listeners, trial }) =>
      fixGenerator(source, {
        ...options,
        ...{ onProgress, signal, onDiagnosis: listeners.onDiagnosis, onPlan: listeners.onPlan },
        onTrial: (tried) => trial((width, colours) => generationTrialLines(tried, width, colours)),
      }),
    text: (fixed: GenerationDocument) => `\n${renderGenerationFix(fixed, around.screen)}`,
  })
  if (!flags.dryRun) checkGoal(flags.require, goalOf(document.fix))
}

function checkFlags(source: string, flags: GeneratorFixFlags): void {
  const given: ReadonlyMap<string, unknown> = new Map(Object.entries(flags))
  const foreign = Object.keys(OF_ONE_PREDICTION).find((key) => given.get(key) !== undefined)
  if (foreign !== undefined)
    throw new UsageError(
      `fix: ${OF_ONE_PREDICTION[foreign]} is for models of one prediction, and ${source} generates text; leave it out`,
    )
  if (flags.for !== undefined && flags.for !== 'latency')
    throw new UsageError(
      `fix: --for ${flags.for}: a generator is improved for latency, of tokens and of the first one; leave it out`,
    )
  if (flags.metric !== undefined && !/\.[cm]?js$/.test(flags.metric))
    throw new UsageError(
      `fix: --metric ${flags.metric} is for models of one prediction; of a generator give a module that scores its answers, as in score.mjs`,
    )
  if (flags.metric !== undefined && flags.prompts === undefined)
    throw new UsageError(`fix: --metric ${flags.metric} scores answers to your own prompts; give them with --prompts FILE`)
  if (/\.(onnx|gguf)$/i.test(flags.out ?? ''))
    throw new UsageError(`fix: -o ${flags.out} is the name of a model, and fix writes a folder; give one, as in -o fast/`)
}

function optionsOf(source: string, flags: GeneratorFixFlags): Partial<FixGeneratorOptions> {
  const { force = false, budget = null, maxLoss = null, only = null, prompts = null, engine = null, threads = null } = flags
  return {
    ...{ force, budgetSeconds: budget, maxLoss, only, prompts, engine, threads },
    ...{ metric: flags.metric ?? null, dtype: flags.dtype ?? null },
    python: flags.python ?? null,
    dryRun: flags.dryRun ?? false,
    memoryLimitBytes: flags.memoryLimit ?? null,
    out: flags.dryRun ? null : (flags.out ?? freeDefaultFolder(source, flags.force)),
  }
}

/** How many times as fast a token comes, for --require. */
function goalOf(fix: GenerationFix | undefined) {
  const ratio = fix?.timePerTokenRatio
  return ratio == null ? null : { proven: ratio.high < 1, speedup: 1 / ratio.value, speedupLow: 1 / ratio.high }
}
