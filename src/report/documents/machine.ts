// What `whyslow machine` says.
import type { ReportEngine, ReportMachine } from './report.ts'

/** The machine part of a report document with the engine whose kernels gave the roofs. */
export type MachineDescription = ReportMachine & {
  readonly engine: ReportEngine | null
  readonly warnings?: readonly string[]
}
