// What a machine can, as a word that studies group by and queues route by: measured facts, never a host's name.
import type { ReportDocument } from '../../report/documents/report.ts'

/** The best first: of those that a machine has, the first names its class. */
const INSTRUCTION_SETS = [
  ['x64', ['amx_int8', 'avx512_vnni', 'avx_vnni', 'avx512f', 'avx2', 'avx']],
  ['arm64', ['i8mm', 'dotprod', 'neon']],
] as const

/** As x64-avx512_vnni-8c; cpu-4c where no instruction set is known. */
export function machineClass({ isa, usableCpus }: Pick<ReportDocument['machine'], 'isa' | 'usableCpus'>): string {
  const family = familyOf({ isa })
  const best = INSTRUCTION_SETS.find(([name]) => name === family)?.[1].find((set) => isa.includes(set))
  return [family ?? 'cpu', ...(best === undefined ? [] : [best]), `${usableCpus}c`].join('-')
}

/** 'x64' or 'arm64', by the instruction sets; undefined where they do not tell. */
export const familyOf = ({ isa }: Pick<ReportDocument['machine'], 'isa'>): 'x64' | 'arm64' | undefined =>
  INSTRUCTION_SETS.find(([, sets]) => sets.some((set) => isa.includes(set)))?.[0]
