// What `whyslow machine` says.
import type { ReportDocument } from './report.ts'

/** The machine part of a report document with the engine whose kernels gave the roofs. */
export type MachineDescription = ReportDocument['machine'] & {
  readonly engine: ReportDocument['engine']
  readonly warnings?: readonly string[]
}
