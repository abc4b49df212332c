// Options of `generate`.
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { StageProgress } from '@whyslow/command/progress.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'

export interface GenerateOptions extends Pick<WhyOptions, 'memoryLimitBytes' | 'python' | 'quick' | 'signal' | 'threads'> {
  readonly promptTokens: number
  readonly newTokens: number
  /** A file of the user's prompts; null: made-up ones, all different. */
  readonly prompts: string | null
  /** null: the first that opens the model and is installed. */
  readonly engine: string | null
  /** null: those of decode. */
  readonly prefillThreads: number | null
  /** Which weights of a folder that has several; null: the engine's usual. */
  readonly dtype: string | null
  /** Most requests that an address is sent. */
  readonly mostRequests: number
  readonly trials: TrialRunner
  readonly onProgress?: (progress: StageProgress) => void
}

export const GENERATE_DEFAULTS: GenerateOptions = {
  promptTokens: 256,
  newTokens: 64,
  prompts: null,
  engine: null,
  prefillThreads: null,
  dtype: null,
  mostRequests: 40,
  memoryLimitBytes: DEFAULTS.memoryLimitBytes,
  python: null,
  quick: false,
  threads: null,
  trials: localTrials,
}
