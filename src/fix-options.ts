// What `fix` can be told, and what it does untold.
import type { MetricName } from './measure/agreement/index.ts'
import type { PreprocessingFlags } from './remedies/preprocessing.ts'
import type { Goal } from './remedies/remedy.ts'
import type { TrialRow } from './report/trials.ts'
import { DEFAULTS, type WhyOptions } from './why-options.ts'

export interface FixOptions extends WhyOptions {
  /** The folder to write; null: nothing is written. */
  readonly out: string | null
  /** Replaces an existing folder that is not whyslow's. */
  readonly force: boolean
  /** Ids of the only remedies to try; null: all that fit. */
  readonly only: readonly string[] | null
  /** Diagnoses and names what would be tried; tries nothing. */
  readonly dryRun: boolean
  readonly goal: Goal
  /** Of the search, seconds. */
  readonly budgetSeconds: number
  /** Largest loss allowed, as the metric, top-1 agreement or cosine has it; null: outputs stay equal up to rounding. */
  readonly maxLoss: number | null
  readonly metric: MetricName | null
  /** Symbolic dimensions may be fixed to the shapes used. */
  readonly fixShapes: boolean
  /** The only outputs to keep; null: all. */
  readonly outputs: readonly string[] | null
  /** Code in front of the model that is to move into it. */
  readonly preprocessing: PreprocessingFlags
  /** The sentence of the diagnosis, before anything is tried. */
  readonly onDiagnosis?: (sentence: string) => void
  /** Each trial as it ends. */
  readonly onTrial?: (trial: TrialRow) => void
}

/** `quick`: the diagnosis is a first one; without it, sweeps and experiments come first, and tell remedies more. */
export const FIX_DEFAULTS: FixOptions = {
  ...DEFAULTS,
  quick: true,
  out: null,
  force: false,
  only: null,
  dryRun: false,
  goal: 'latency',
  budgetSeconds: 75,
  maxLoss: null,
  metric: null,
  fixShapes: false,
  outputs: null,
  preprocessing: {},
}
