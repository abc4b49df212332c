// Options of `fix`, and its defaults.
import { DEFAULTS, type WhyOptions } from '@whyslow/command/options.ts'
import type { PreprocessingFlags } from '@whyslow/graph/rewrite/preprocessing/index.ts'
import type { AllowedLoss, MetricName } from '@whyslow/measure/outputs/index.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import type { CalibrationMethod } from '../../quantize/calibrate/index.ts'
import type { Goal, PrecisionMethod } from '../../remedies/kit/remedy.ts'
import type { ServingPort } from './serving-port.ts'

export interface PrecisionOptions {
  /** The only method; null: all that gain time. */
  readonly method: PrecisionMethod | null
  /** Bits of weight-only quantization; null: 8 and 4. */
  readonly bits: 8 | 4 | null
  /** How ranges of activations are found; null: by minmax, and in other ways where that changes the outputs too much. */
  readonly calibration: CalibrationMethod | null
  /** Ranges may be found on synthetic inputs. */
  readonly allowSynthetic: boolean
}

export interface FixOptions extends WhyOptions {
  /** The folder to write, or the model's file where it stands alone; null: nothing is written. */
  readonly out: string | null
  /** The model alone is written, in place of a folder. */
  readonly modelAlone: boolean
  /** Nothing is written if nothing is proven, in place of the original. */
  readonly onlyProven: boolean
  /** Replaces an existing folder that is not whyslow's. */
  readonly force: boolean
  /** Ids of the only remedies to try; null: all that fit. */
  readonly only: readonly string[] | null
  /** Ids of the only engines that may be shipped; null: the measured one, and others if they are installed. */
  readonly engines: readonly string[] | null
  /** Why other engines are looked at and none is shipped; null: they may be. */
  readonly keepsEngine: string | null
  /** Diagnoses and names what would be tried; tries nothing. */
  readonly dryRun: boolean
  readonly goal: Goal
  /** An objective under load ('p99<20ms') for which the serving is chosen; null: none. */
  readonly slo: string | null
  /** Chooses that serving; null: no objective can be given. */
  readonly serving: ServingPort | null
  /** Budget of the search, seconds; null: one that suits the model. */
  readonly budgetSeconds: number | null
  /** Largest loss allowed, as the metric, top-1 agreement or cosine has it; null: outputs stay equal up to rounding. */
  readonly maxLoss: AllowedLoss | null
  readonly metric: MetricName | null
  /** How approximate remedies may use fewer bits. */
  readonly precision: PrecisionOptions
  /** Symbolic dimensions may be fixed to the shapes used. */
  readonly fixShapes: boolean
  /** The only outputs to keep; null: all. */
  readonly outputs: readonly string[] | null
  /** Code in front of the model that is to move into it. */
  readonly preprocessing: PreprocessingFlags
  /** The sentence of the diagnosis, before anything is tried. */
  readonly onDiagnosis?: (sentence: string) => void
  /** What comes next and how long it takes, before it begins: the search, and what takes longer than it. */
  readonly onPlan?: (sentence: string) => void
  /** Each trial as it ends. */
  readonly onTrial?: (trial: TrialRow) => void
}

/** Options with the budget that the model gets. */
export interface BudgetedOptions extends FixOptions {
  readonly budgetSeconds: number
}

/** `quick`: the diagnosis is a first one; without it, sweeps and experiments come first, and tell remedies more. */
export const FIX_DEFAULTS: FixOptions = {
  ...DEFAULTS,
  quick: true,
  out: null,
  modelAlone: false,
  onlyProven: false,
  force: false,
  only: null,
  engines: null,
  keepsEngine: null,
  dryRun: false,
  goal: 'latency',
  slo: null,
  serving: null,
  budgetSeconds: null,
  maxLoss: null,
  metric: null,
  precision: { method: null, bits: null, calibration: null, allowSynthetic: false },
  fixShapes: false,
  outputs: null,
  preprocessing: {},
}
