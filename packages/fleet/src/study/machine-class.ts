// What a machine can, as a word that studies group by and queues route by: measured facts, never a host's name. What an accelerator computes is
// of another class than what the processor next to it does.
import { engineById } from '@whyslow/measure/engines/index.ts'
import type { Availability, Engine } from '@whyslow/measure/engines/types.ts'
import type { ReportDocument, ReportMachine } from '@whyslow/report/documents/report.ts'
import { matchesPattern } from './fits.ts'

/** The best first: of those that a machine has, the first names its class. */
const INSTRUCTION_SETS = [
  ['x64', ['amx_int8', 'avx512_vnni', 'avx_vnni', 'avx512f', 'avx2', 'avx']],
  ['arm64', ['i8mm', 'dotprod', 'neon']],
] as const

/** As x64-avx512_vnni-8c; cpu-4c where no instruction set is known. */
export function machineClass({ isa, usableCpus }: Pick<ReportMachine, 'isa' | 'usableCpus'>): string {
  const family = familyOf({ isa })
  const best = INSTRUCTION_SETS.find(([name]) => name === family)?.[1].find((set) => isa.includes(set))
  return [family ?? 'cpu', ...(best === undefined ? [] : [best]), `${usableCpus}c`].join('-')
}

/** 'x64' or 'arm64', by the instruction sets; undefined if they do not tell. */
export const familyOf = ({ isa }: Pick<ReportMachine, 'isa'>): 'x64' | 'arm64' | undefined =>
  INSTRUCTION_SETS.find(([, sets]) => sets.some((set) => isa.includes(set)))?.[0]

const MOST_NAME = 40

/** As cuda-nvidia-h100-80gb-hbm3: how it is driven, and what it is called, without what stands in brackets but its number. */
export function acceleratorClass(word: NonNullable<Engine['accelerator']>, device: string): string {
  const name = device.replace(/\((?!device )[^)]*\)/g, ' ').toLowerCase()
  const plain = name.replace(/[^a-z0-9]+/g, '-').replace(/^-|-$/g, '')
  return [word, plain.slice(0, MOST_NAME)].filter((part) => part !== '').join('-')
}

type DeviceFacts = Pick<Extract<Availability, { ok: true }>, 'device' | 'deviceKind'>

/** undefined: an engine that computes on the processor, be it as a graphics driver. */
export function acceleratorOf(engineId: string, { device, deviceKind }: DeviceFacts): string | undefined {
  if (deviceKind !== 'gpu' && deviceKind !== 'npu') return undefined
  return acceleratorClass(engineById(engineId)?.accelerator ?? deviceKind, device)
}

/** What a report was measured on: an accelerator, else the processor. */
export function classOf({ machine, engine }: Pick<ReportDocument, 'machine' | 'engine'>): string {
  const { id = '', device = '', deviceKind } = engine ?? {}
  return acceleratorOf(id, { device, deviceKind: deviceKind ?? 'cpu' }) ?? machineClass(machine)
}

/** What an agent listens as: its processor's class and key, and what engines can use in addition. */
export const kindOf = (processor: string, accelerators: Iterable<string>): string => [processor, ...accelerators].join('+')

/** Processor of a kind. */
export const processorOf = (kind: string): string => kind.split('+')[0]!

/** Whether a pattern fits a kind, or anything in it. */
export const fitsKind = (pattern: string, kind: string): boolean =>
  matchesPattern(pattern, kind) || kind.split('+').some((one) => matchesPattern(pattern, one))
