// The machine as `whyslow doctor --json` writes it, which adds what else it found.
import type { ReportEngine, ReportMachine } from './report.ts'

/** The machine part of a report document with the engine whose kernels gave the roofs. */
export interface MachineDescription extends ReportMachine {
  readonly engine: ReportEngine | null
  readonly warnings?: readonly string[]
}
