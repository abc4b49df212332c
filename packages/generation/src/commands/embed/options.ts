// Options of `embed`.
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'

export interface EmbedOptions extends Pick<WhyOptions, 'memoryLimitBytes' | 'quick' | 'signal' | 'threads'> {
  /** A file of the user's texts; null: made-up ones of several lengths. */
  readonly texts: string | null
  /** Texts of the largest batch. */
  readonly batch: number
  /** Tokens that longer texts are cut to; null: as the model's files say. */
  readonly maxTokens: number | null
  /** Which weights of a folder that has several; null: the usual. */
  readonly dtype: string | null
  readonly trials: TrialRunner
  readonly onProgress?: (progress: StageProgress) => void
}

export const EMBED_DEFAULTS: EmbedOptions = {
  texts: null,
  batch: 32,
  maxTokens: null,
  dtype: null,
  memoryLimitBytes: DEFAULTS.memoryLimitBytes,
  quick: false,
  threads: null,
  trials: localTrials,
}
