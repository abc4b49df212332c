// Options of `fix` on a generator, and their defaults.
import type { GenerationTrial } from '@whyslow/report/documents/generation.ts'
import { GENERATE_DEFAULTS, type GenerateOptions } from '../generate/options.ts'

export interface FixGeneratorOptions extends GenerateOptions {
  /** The folder to write; null: nothing is written. */
  readonly out: string | null
  readonly force: boolean
  /** Ids of the only remedies to try; null: all that fit. */
  readonly only: readonly string[] | null
  /** Measures and names what would be tried; tries nothing. */
  readonly dryRun: boolean
  /** Budget of the search, seconds; null: one that suits the model. */
  readonly budgetSeconds: number | null
  /**
   * Largest share by which perplexity may rise, or loss of `metric` in its own unit, tokens differing as they may; null: 1 % or 0.01, and without a
   * metric tokens differ at near ties alone.
   */
  readonly maxLoss: number | null
  /** A module whose default export scores answers to `prompts`: prove/metric.ts. null: perplexity decides. */
  readonly metric: string | null
  /** The sentence of the diagnosis, before anything is tried. */
  readonly onDiagnosis?: (sentence: string) => void
  /** What comes next and how long it takes. */
  readonly onPlan?: (sentence: string) => void
  /** Each trial as it ends. */
  readonly onTrial?: (trial: GenerationTrial) => void
}

export const FIX_GENERATOR_DEFAULTS: FixGeneratorOptions = {
  ...GENERATE_DEFAULTS,
  quick: true,
  out: null,
  force: false,
  only: null,
  dryRun: false,
  budgetSeconds: null,
  maxLoss: null,
  metric: null,
}
