// Measuring a model and saying why it is slow belongs to one product; other products are handed it.
import type { ReportDocument } from '@whyslow/report/documents/report.ts'
import type { WhyOptions } from './options.ts'

/** Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted. */
export type Why = (file: string, options: Partial<WhyOptions>) => Promise<{ readonly report: ReportDocument }>
