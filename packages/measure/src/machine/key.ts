// Verdicts do not travel: results of two machines are compared only where both bear the same key. It is made of what a report document
// says of the machine, so that reports that were kept can be distinguished too.
import { createHash } from 'node:crypto'
import type { Machine } from './types.ts'

/** CPUs are null of a recording, which does not tell. */
export type KeyFacts = Pick<Machine, 'cpu' | 'quotaCpus' | 'isa' | 'virtualised'> & { readonly usableCpus: number | null }

/** Twelve hexadecimal digits of the CPU, its instruction sets, the CPUs that can be used, and whether it is virtual. */
export function machineKey({ cpu, usableCpus, quotaCpus, isa, virtualised }: KeyFacts): string {
  const facts = [cpu, usableCpus, quotaCpus, [...isa].sort(), virtualised]
  return createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 12)
}
