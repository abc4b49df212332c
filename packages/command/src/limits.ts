// The machine that a command measures on, and what its processes may take of it.
import { readMachine } from '@whyslow/measure/machine/index.ts'
import type { Machine } from '@whyslow/measure/machine/types.ts'
import type { Limits } from '@whyslow/measure/trials/limits.ts'
import type { TrialRunner } from '@whyslow/measure/trials/port.ts'
import type { WhyOptions } from './options.ts'

/** Share of the memory a trial may take: above it the system starts to page or to kill. */
const MEMORY_SHARE = 0.9

/** The machine that these trials run on. */
export const machineOf = (
  { machine = readMachine }: Pick<TrialRunner, 'machine'>,
  accelerators: readonly string[] = [],
): Machine => machine(accelerators)

export const limitsOf = (
  machine: Machine,
  { memoryLimitBytes, signal }: Pick<WhyOptions, 'memoryLimitBytes' | 'signal'>,
): Limits => ({
  memoryBytes: memoryLimitBytes ?? (machine.memoryLimitBytes ?? machine.memoryBytes) * MEMORY_SHARE,
  signal,
})
