// How long what runs on the CPUs waited for one: of everything on the machine, as no process reports about others. Linux alone.
// /proc/schedstat has it by CPU (Documentation/scheduler/sched-stats.rst: of a cpu line the eighth number, ns waited on its run queue, in
// every version); /proc/pressure/cpu of all CPUs at once (Documentation/accounting/psi.rst: `some`, the time in which something waited, µs;
// its totals are brought up to date by each reading, its averages every two seconds).
import type { System } from '../machine/system.ts'

/** ns that tasks waited on the run queues of these CPUs, in the text of /proc/schedstat; null if it tells none of them. */
export function parseSchedstat(text: string, cpus: readonly number[] | null): number | null {
  const waits = [...text.matchAll(/^cpu(\d+)((?: \d+){9,})\s*$/gm)].flatMap(([, cpu, numbers]) =>
    cpus === null || cpus.includes(Number(cpu)) ? [Number(numbers!.trim().split(' ')[7])] : [],
  )
  return waits.length === 0 ? null : waits.reduce((sum, ns) => sum + ns, 0)
}

/** µs in which something waited for a CPU, in the text of /proc/pressure/cpu; null for any other text. */
export function parsePressure(text: string): number | null {
  const total = /^some .*\btotal=(\d+)\s*$/m.exec(text)?.[1]
  return total === undefined ? null : Number(total)
}

/**
 * From now until the call of what is returned, ms: what tasks waited on each of the CPUs on average, else for how long something waited anywhere.
 * null if the system tells neither. `cpus`: that may be used; null: all.
 */
export function watchRunQueue(system: System, cpus: readonly number[] | null): () => number | null {
  const count = cpus?.length ?? Math.max(1, [...(system.readText('/proc/schedstat') ?? '').matchAll(/^cpu\d+ /gm)].length)
  const readWaits = () => {
    const ns = parseSchedstat(system.readText('/proc/schedstat') ?? '', cpus)
    return ns === null ? null : ns / 1e6 / count
  }
  const readPressure = () => {
    const us = parsePressure(system.readText('/proc/pressure/cpu') ?? '')
    return us === null ? null : us / 1e3
  }
  const read = readWaits() === null ? readPressure : readWaits
  const before = read()
  return () => {
    const after = read()
    return before === null || after === null ? null : Math.max(0, after - before)
  }
}
