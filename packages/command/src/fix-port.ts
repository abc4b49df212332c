// Making a model faster and shipping it belongs to one product; another is handed it, for the models that a program runs.
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { TrialRow } from '@whyslow/report/documents/trial-row.ts'
import type { WhyOptions } from './options.ts'

export interface FixModelOptions
  extends Pick<WhyOptions, 'data' | 'batch' | 'python' | 'threads' | 'memoryLimitBytes' | 'onProgress' | 'signal'> {
  /** The folder to write. */
  readonly out: string
  /** The only outputs to keep; null: all. */
  readonly outputs: readonly string[] | null
  /** null: one that suits the model. */
  readonly budgetSeconds: number | null
  /** null: outputs stay equal up to rounding. */
  readonly maxLoss: number | null
  readonly onTrial?: (trial: TrialRow) => void
}

/** Writes the folder. Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted. */
export type FixModel = (file: string, options: Partial<FixModelOptions>) => Promise<{ readonly report: ReportDocument }>
