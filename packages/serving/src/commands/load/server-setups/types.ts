// Set-ups of a server that `fix --slo` tries, and what is said of them.
import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import type { ReportServing } from '@whyslow/report/documents/report-fix.ts'
import type { LoadOptions } from '../options.ts'
import type { LookRequest, RoughLook } from '../rough-look.ts'

export type ServingReport = ReportServing

export type Row = ServingReport['tried'][number]

/** null: as the setup has it. */
export interface ServingSetup {
  readonly workers: number
  readonly threads: number | null
  readonly maxBatch: number | 'auto'
  readonly batchDelayMs: number
}

/** A run of `load` on a set-up. */
export type LoadSetup = (setup: ServingSetup, options: Partial<LoadOptions>) => Promise<LoadDocument>

export interface ServingRuns {
  /** A first look at a set-up. Throws InputError if the model is not served so. */
  readonly look: (setup: ServingSetup, options: Partial<LoadOptions>, asked: LookRequest) => Promise<RoughLook>
  readonly load: LoadSetup
  /** Time left for the whole choice. */
  readonly leftSeconds: () => number
}
