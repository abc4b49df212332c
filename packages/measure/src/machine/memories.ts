// The machine's levels of memory that were measured: how much each holds and how fast it is read.
import type { Machine, Roofs } from './types.ts'

export type Level = 'L1' | 'L2' | 'L3' | 'DRAM'

const LEVELS: readonly Level[] = ['L1', 'L2', 'L3', 'DRAM']

/** One level of memory that can be used for a floor: its size and its measured bandwidth. */
export interface Memory {
  readonly level: Level
  readonly sizeBytes: number
  readonly bytesPerSecond: number
}

/** The machine's measured levels, nearest first. A level without a size or a bandwidth is left out: what it held counts outward. */
export function memoriesOf(
  roofs: Pick<Roofs, 'threads' | 'bytesPerSecond'>,
  { caches, physicalCores }: Pick<Machine, 'caches' | 'physicalCores'>,
): readonly Memory[] {
  // L1d and L2 belong to a core: threads that share the work use those of all of theirs.
  const cores = Math.min(roofs.threads, physicalCores ?? roofs.threads)
  const sizes: Readonly<Record<Level, number | null | undefined>> = {
    L1: caches.L1d && caches.L1d * cores,
    L2: caches.L2 && caches.L2 * cores,
    L3: caches.L3,
    DRAM: Number.POSITIVE_INFINITY,
  }
  return LEVELS.flatMap((level) => {
    const bytesPerSecond = roofs.bytesPerSecond[level]
    const sizeBytes = sizes[level]
    return bytesPerSecond && sizeBytes ? [{ level, sizeBytes, bytesPerSecond }] : []
  })
}

/** The nearest memory that holds so much. */
export function nearestMemory(memories: readonly Memory[], bytes: number): Memory | undefined {
  return memories.find(({ sizeBytes }) => bytes <= sizeBytes)
}
