// The roofs that operators of a recording are compared with: the peaks that the file itself states of its device, or those of a machine that
// was measured with `whyslow doctor`, of its CPU or of its GPU, whichever ran them.

import { InputError } from '@whyslow/graph/input-error.ts'
import { isObject } from '@whyslow/graph/json.ts'
import { type Memory, memoriesOf, nearestMemory } from '@whyslow/measure/machine/memories.ts'
import { readJson } from '@whyslow/report/saved/saved-document.ts'
import type { OperatorRow, TraceFacts } from '../facts/facts.ts'
import { elementBytes } from '../facts/work-of.ts'

const HINT = '--machine takes what whyslow doctor --json wrote'

/** What operators can reach at most. */
export interface TraceRoofs {
  /** FLOP/s; undefined: not known. `scaled`: in float32, where narrower numbers are computed faster; else at any precision. */
  readonly flopsPerSecond: number | undefined
  readonly scaled: boolean
  /** Nearest first. */
  readonly memories: readonly Memory[]
}

/** Roofs of a machine document, and what they are of: 'cpu', or a device. */
export interface MachineRoofs extends TraceRoofs {
  readonly of: 'cpu' | 'device'
}

/** Roofs of the most threads that were measured. Throws InputError if the file is not a machine document. */
export function machineRoofs(file: string): MachineRoofs {
  const document = readJson(file, { what: file, hint: HINT })
  const roofs = isObject(document) && Array.isArray(document.roofs) ? document.roofs.filter(isObject) : []
  const known = roofs.flatMap(({ threads, flopsPerSecond, bytesPerSecond }) => {
    const float32 = isObject(flopsPerSecond) ? flopsPerSecond.float32 : undefined
    return typeof threads === 'number' && isRate(float32) ? [{ threads, float32, bytesPerSecond: ratesOf(bytesPerSecond) }] : []
  })
  const [most] = known.sort((a, b) => b.threads - a.threads)
  if (most === undefined) throw new InputError(`${file}: no roof of float32 in this file; ${HINT}`)
  const { caches, engine } = document as Record<string, unknown>
  const kind = isObject(engine) ? engine.deviceKind : null
  return {
    of: kind === 'gpu' || kind === 'npu' ? 'device' : 'cpu',
    flopsPerSecond: most.float32,
    scaled: true,
    memories: memoriesOf(most, { caches: ratesOf(caches), physicalCores: null }),
  }
}

const isRate = (value: unknown): value is number => typeof value === 'number' && value > 0 && Number.isFinite(value)

const ratesOf = (value: unknown): Record<string, number> =>
  Object.fromEntries(Object.entries(isObject(value) ? value : {}).filter((entry): entry is [string, number] => isRate(entry[1])))

/** Roofs of what ran the operators; undefined: none is known. A CPU's are none of a device, nor the other way round. */
export function roofsOf({ devices, device }: TraceFacts, machine: MachineRoofs | undefined): TraceRoofs | undefined {
  if (machine !== undefined && (machine.of === 'device') === (device !== null)) return machine
  if (device === null) return undefined
  const told = devices.find(({ flopsPerSecond, bytesPerSecond }) => flopsPerSecond !== null || bytesPerSecond !== null)
  if (told === undefined) return undefined
  const { flopsPerSecond, bytesPerSecond } = told
  return {
    flopsPerSecond: flopsPerSecond ?? undefined,
    scaled: false,
    memories: bytesPerSecond === null ? [] : [{ level: 'DRAM', sizeBytes: Number.POSITIVE_INFINITY, bytesPerSecond }],
  }
}

export interface RecordedFloor {
  readonly floorMs: number
  readonly bound: 'compute' | 'memory'
}

/** The least time of an operator's calls, in ms; null if nothing of it is known. */
export function recordedFloor({ flops, bytes, types, calls }: OperatorRow, roofs: TraceRoofs | undefined): RecordedFloor | null {
  if (roofs === undefined) return null
  const size = elementBytes(types?.find((type) => elementBytes(type) !== undefined)) ?? 4
  const rate = roofs.flopsPerSecond === undefined ? undefined : roofs.flopsPerSecond * (roofs.scaled ? 4 / size : 1)
  const memory = bytes === null ? undefined : nearestMemory(roofs.memories, bytes / Math.max(1, calls))
  const computeMs = flops === null || rate === undefined ? null : (flops / rate) * 1000
  const memoryMs = bytes === null || memory === undefined ? null : (bytes / memory.bytesPerSecond) * 1000
  if (computeMs === null && memoryMs === null) return null
  return { floorMs: Math.max(computeMs ?? 0, memoryMs ?? 0), bound: (memoryMs ?? 0) > (computeMs ?? 0) ? 'memory' : 'compute' }
}
