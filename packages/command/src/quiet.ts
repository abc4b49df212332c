// Whether a machine is left alone: what others took of the CPUs that may be used while this process waits for a moment, how long what runs there
// waited for one, and at which clock rate they run. Looked at under the machine's lock, before a trial and after it.
import { type CpuInfo, cpus } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAllowedCpus } from '@whyslow/measure/machine/affinity.ts'
import { readUsableCpus } from '@whyslow/measure/machine/index.ts'
import { thisSystem } from '@whyslow/measure/machine/system.ts'
import { startWatch, stolenMs } from '@whyslow/measure/timing/disturbance.ts'
import { effectiveClock } from '@whyslow/measure/timing/handoff.ts'
import { watchRunQueue } from '@whyslow/measure/timing/run-queue.ts'

export interface Look {
  /** Share of the CPUs that may be used that is busy, in all that runs there. */
  readonly busyShare: number
  /** Share taken by the hypervisor. */
  readonly stolenShare: number
  /** Share of the time in which what others run waited for a CPU; null: the system does not tell. */
  readonly waitedShare: number | null
  /** Additions in a chain, a nanosecond: ratios are those of clock rates. */
  readonly clock: number
}

const LOOK_MS = 500
/** What a system does by itself; one busy CPU of sixteen is less, and one of four more. */
const MOST_BUSY = 0.1
const MOST_STOLEN = 0.05
const MOST_WAITED = 0.1
/** Beyond what two readings of a steady clock differ by. */
const MOST_CHANGED = 0.1

/** What is looked at, and the time that passes meanwhile; scripted in tests. */
export interface LookTools {
  /** Numbers of the CPUs that may be used; null: all. */
  readonly allowed: readonly number[] | null
  readonly usableCpus: number
  readonly cpus: () => readonly Pick<CpuInfo, 'times'>[]
  readonly startWatch: () => { stop(): Promise<Parameters<typeof stolenMs>[0] & { readonly wallMs: number }> }
  readonly watchRunQueue: () => () => number | null
  readonly nowMs: () => number
  readonly sleep: (ms: number) => Promise<unknown>
  readonly clock: () => number
}

const OF_PROCESS: LookTools = {
  get allowed() {
    return readAllowedCpus(thisSystem)
  },
  get usableCpus() {
    return readUsableCpus()
  },
  cpus,
  startWatch,
  watchRunQueue: () => watchRunQueue(thisSystem, readAllowedCpus(thisSystem)),
  nowMs: () => performance.now(),
  sleep,
  clock: effectiveClock,
}

/** `given`: in place of this process's own. */
export async function lookAround(given: Partial<LookTools> = {}): Promise<Look> {
  const tools = { ...OF_PROCESS, ...given }
  const { allowed } = tools
  const timesOf = () => tools.cpus().flatMap(({ times }, cpu) => (allowed === null || allowed.includes(cpu) ? [times] : []))
  const watch = tools.startWatch()
  const waitedMs = tools.watchRunQueue()
  const before = timesOf()
  const startMs = tools.nowMs()
  await tools.sleep(LOOK_MS)
  const after = timesOf()
  const waited = waitedMs()
  const lookedMs = tools.nowMs() - startMs
  const watched = await watch.stop()
  const count = Math.min(before.length, after.length)
  const spent = { idle: 0, all: 0 }
  for (const [cpu, { user, nice, sys, idle, irq }] of after.slice(0, count).entries()) {
    const was = before[cpu]!
    spent.idle += idle - was.idle
    spent.all += user + nice + sys + idle + irq - (was.user + was.nice + was.sys + was.idle + was.irq)
  }
  return {
    busyShare: spent.all > 0 ? 1 - spent.idle / spent.all : 0,
    stolenShare: stolenMs(watched, { usableCpus: tools.usableCpus }) / watched.wallMs,
    waitedShare: waited === null ? null : waited / lookedMs,
    clock: tools.clock(),
  }
}

/** What disturbs, in words; null: it is quiet. `earlier`: before the trial that ended. */
export function disturbanceIn(look: Look, earlier: Look | null = null): string | null {
  const { busyShare, stolenShare, waitedShare, clock } = look
  if (busyShare > MOST_BUSY) return `others took ${percent(busyShare)} of its CPUs`
  if (stolenShare > MOST_STOLEN) return `the hypervisor took ${percent(stolenShare)} of its CPUs`
  if (waitedShare !== null && waitedShare > MOST_WAITED) return `others waited for a CPU for ${percent(waitedShare)} of the time`
  const change = earlier === null || earlier.clock <= 0 ? 0 : clock / earlier.clock - 1
  if (Math.abs(change) > MOST_CHANGED) return `its clock rate changed by ${percent(Math.abs(change))} meanwhile`
  return null
}

const percent = (share: number): string => `${Math.round(share * 100)} %`
