// Measuring a model and saying why it is slow is another product's: it is handed in.
import type { WhyOptions } from '../command/options.ts'
import type { ReportDocument } from '../report/documents/report.ts'

/** Throws InputError if the model, its inputs or the options cannot be used, and the signal's reason if it is aborted. */
export type Why = (file: string, options: Partial<WhyOptions>) => Promise<{ readonly report: ReportDocument }>
