// How much memory there is. A control group's limit is read in cgroup.ts.
import { totalmem } from 'node:os'
import type { System } from './system.ts'

/** MemTotal of /proc/meminfo in bytes; null if the text has none. */
export function parseMemTotal(text: string): number | null {
  const match = /^MemTotal:\s+(\d+) kB$/m.exec(text)
  return match ? Number(match[1]) * 1024 : null
}

/** VmRSS of /proc/PID/status in bytes, whatever the size of a page (statm counts pages: 16 and 64 kB on ARM); null if the text has none. */
export function parseResidentBytes(text: string): number | null {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(text)
  return match ? Number(match[1]) * 1024 : null
}

/** Memory of the machine, bytes. */
export function readMemoryBytes(system: System): number {
  return parseMemTotal(system.readText('/proc/meminfo') ?? '') ?? totalmem()
}
