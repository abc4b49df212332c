// The machine as documents have it.
import type { Machine, Roofs } from '@whyslow/measure/machine/types.ts'
import type { ReportMachine } from '@whyslow/report/documents/report.ts'

/** `roofs` absent: they were not measured. */
export function machineSection(machine: Machine, roofs?: Roofs): ReportMachine {
  const { cpu, usableCpus, quotaCpus, memoryBytes, isa, accelerators, caches, virtualised } = machine
  return { cpu, usableCpus, quotaCpus, memoryBytes, isa, accelerators, caches, virtualised, roofs: roofs ? [roofs] : [] }
}
