// The memory of a process and of all that it started, where the system tells it: proc(5) on Linux.
import { parseResidentBytes } from '../machine/memory.ts'
import { thisSystem } from '../machine/system.ts'
import { descendantsOf } from './end-process.ts'

/**
 * The memory of the tree, if it is above the limit; else null, and where the system does not tell. Resident sizes count what processes
 * share once in each, so they only decide that it is below. Above, each process's proportional share decides: to read it walks the
 * page tables, so it is not read without need.
 */
export function memoryAbove(limitBytes: number, pid: number, platform: string = process.platform): number | null {
  // Elsewhere nothing is told, and to list processes takes another process.
  if (platform !== 'linux') return null
  const pids = [pid, ...descendantsOf(pid)]
  const resident = sum(pids.map(residentBytes))
  if (resident <= limitBytes) return null
  const used = sum(pids.map((one) => proportionalBytes(one) ?? residentBytes(one)))
  return used > limitBytes ? used : null
}

const sum = (bytes: readonly number[]): number => bytes.reduce((total, one) => total + one, 0)

/** 0: it has ended, or the system does not tell. */
const residentBytes = (pid: number): number => parseResidentBytes(textOf(`/proc/${pid}/status`)) ?? 0

/** Pages that n processes share count an n-th; null: the kernel keeps no such sum, or another user's process. */
function proportionalBytes(pid: number): number | null {
  const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(textOf(`/proc/${pid}/smaps_rollup`))?.[1]
  return kilobytes === undefined ? null : Number(kilobytes) * 1024
}

const textOf = (file: string): string => thisSystem.readText(file) ?? ''
