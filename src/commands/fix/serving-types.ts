// Set-ups of a server that `fix --for slo` tries, and what is said of them.
import type { LoadDocument } from '../../report/documents/load.ts'
import type { ReportDocument } from '../../report/documents/report.ts'
import type { LoadOptions } from '../load/options.ts'

export type ServingReport = NonNullable<NonNullable<ReportDocument['fix']>['serving']>

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
