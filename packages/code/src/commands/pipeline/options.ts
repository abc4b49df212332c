// Options of `pipeline`, and its defaults.
import type { StageProgress } from '@whyslow/command/progress.ts'
import { localTrials } from '@whyslow/measure/trials/local-runner.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import { type RunPass, runPass } from '../../driver.ts'
import type { PipelineEvidence, Replacement } from '../../evidence.ts'
import type { AlternativeFact } from '../../facts.ts'
import { tryReplacements } from '../../replace/replacements.ts'
import { tryTokenizers } from '../../replace/tokenizers.ts'

export interface PipelineOptions {
  /** 'function' or 'module:function': called in place of the file's stages; null: the stages, or the file as a script. */
  readonly call: string | null
  /** A file or a folder with samples; null: the module's own. */
  readonly data: string | null
  /** An interpreter or its environment; null: found. */
  readonly python: string | null
  /** For a script. */
  readonly arguments: readonly string[]
  /** How long to predict in each process, seconds; null: 2, or 0.7 with `quick`. */
  readonly seconds: number | null
  /** One timed process in place of three. */
  readonly quick: boolean
  /** After this long without progress it counts as hanging, seconds. null: 60, and 300 for work outside of calls. */
  readonly stallSeconds: number | null
  /** Imports timed module by module. */
  readonly imports: boolean
  /** The model file that predict runs is measured alone, too. */
  readonly inner: boolean
  readonly memoryLimitBytes: number | null
  readonly run: RunPass
  readonly trials: Pick<TrialRunner, 'alone' | 'machine'>
  /** Code in place of what was found, run on the values that the user's code saw; null: none is tried. */
  readonly replace: ReplaceOn | null
  /** A library's tokenizer in place of one that was found to take much of the time; asked where `replace` is. */
  readonly tokenize: TokenizeOn
  readonly onProgress?: (progress: StageProgress) => void
  readonly signal?: AbortSignal
}

/** Never throws, but for an aborted signal. `file`: absolute. */
export type ReplaceOn = (evidence: PipelineEvidence, given: ReplaceGiven) => Promise<readonly Replacement[]>

/** The same. */
export type TokenizeOn = (evidence: PipelineEvidence, given: ReplaceGiven) => Promise<readonly AlternativeFact[]>

export interface ReplaceGiven {
  readonly file: string
  readonly call: string | null
  readonly data: string | null
  readonly python: string | null
  /** Arguments of a script. */
  readonly arguments: readonly string[]
  /** Called where the program was run again. */
  readonly onRun: () => void
  readonly folder: string
  readonly signal?: AbortSignal | undefined
}

export const PIPELINE_DEFAULTS: PipelineOptions = {
  call: null,
  data: null,
  python: null,
  arguments: [],
  seconds: null,
  quick: false,
  stallSeconds: null,
  imports: false,
  inner: true,
  memoryLimitBytes: null,
  run: runPass,
  trials: localTrials,
  replace: tryReplacements,
  tokenize: tryTokenizers,
}
