// The facts about this computer, one file per source.
import { arch, release, type as systemName } from 'node:os'
import { listAccelerators } from './accelerators.ts'
import { countUsableCpus, readAllowedCpus } from './affinity.ts'
import { readCaches } from './caches.ts'
import { readCgroupLimits } from './cgroup.ts'
import { readCpu } from './cpu.ts'
import { readMemoryBytes } from './memory.ts'
import { type System, thisSystem } from './system.ts'
import type { Machine } from './types.ts'
import { readVirtualised } from './virtualised.ts'

/**
 * Reads what this computer is. Never throws: what cannot be found out is null and named in `unknown`.
 * @param accelerators Names of the devices that the installed engines say they can use.
 */
export function readMachine(accelerators: readonly string[], system: System = thisSystem): Machine {
  const cpu = readCpu(system)
  const { caches, unknown: unknownCaches } = readCaches(system)
  const limits = readCgroupLimits(system)
  const allowed = readAllowedCpus(system)
  const virtualised = readVirtualised(system, cpu.hypervisor)
  return {
    cpu: cpu.model,
    architecture: arch(),
    platform: system.platform,
    usableCpus: countUsableCpus(allowed, limits.quotaCpus),
    onlineCpus: cpu.onlineCpus,
    physicalCores: cpu.physicalCores,
    quotaCpus: limits.quotaCpus,
    memoryBytes: readMemoryBytes(system),
    memoryLimitBytes: limits.memoryLimitBytes,
    isa: cpu.isa,
    accelerators: listAccelerators(accelerators, system),
    caches,
    virtualised,
    governor: cpu.governor,
    os: `${systemName()} ${release()}`,
    node: process.versions.node,
    unknown: [
      ...cpu.unknown,
      ...unknownCaches,
      ...(allowed === null ? [`CPU affinity: ${system.platform} does not list the CPUs of a process`] : []),
      ...(virtualised === null ? ['virtualization: neither the CPU nor the firmware reports it'] : []),
      ...(cpu.governor === null ? ['frequency governor: the system does not show one'] : []),
    ],
  }
}

/** CPUs this process may use at once: affinity, and the tightest quota rounded up. Never throws. */
export function readUsableCpus(system: System = thisSystem): number {
  return countUsableCpus(readAllowedCpus(system), readCgroupLimits(system).quotaCpus)
}
