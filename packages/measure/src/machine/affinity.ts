// Which CPUs this process may run on. Linux: Cpus_allowed_list of /proc/self/status (proc(5)), which holds both
// sched_setaffinity and cpusets. Elsewhere libuv's count, without the list.
import { availableParallelism } from 'node:os'
import { parseCpuList } from './cpu-list.ts'
import type { System } from './system.ts'

/** CPU numbers this process may run on; null if the system does not list them. */
export function readAllowedCpus(system: System): readonly number[] | null {
  const match = /^Cpus_allowed_list:\s*(\S+)$/m.exec(system.readText('/proc/self/status') ?? '')
  const cpus = match ? parseCpuList(match[1]!) : []
  return cpus.length > 0 ? cpus : null
}

/** CPUs this process may use at once: affinity, and the quota rounded up. At least 1. */
export function countUsableCpus(allowed: readonly number[] | null, quotaCpus: number | null): number {
  const byAffinity = allowed?.length ?? availableParallelism()
  return Math.max(1, Math.min(byAffinity, quotaCpus === null ? byAffinity : Math.ceil(quotaCpus)))
}
