// What `whyslow doctor --json` writes.
import type { EngineRow } from './engines.ts'
import type { MachineDescription } from './machine.ts'

/** The machine, what runs models on it, and whether anything else keeps it busy. */
export interface DoctorDocument extends MachineDescription {
  readonly engines: readonly EngineRow[]
  readonly others: OtherWork
}

/** What other programs took of the machine in a moment of waiting. Shares of 1. */
export interface OtherWork {
  readonly busyShare: number
  readonly stolenShare: number // by the hypervisor
  readonly waitedShare: number | null // of the time, in which other programs waited for a CPU; null: the system does not report it
  readonly disturbance: string | null // null: the machine is quiet enough to measure
}
