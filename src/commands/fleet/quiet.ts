// Whether a machine is left alone: what others took of the CPUs that may be used while this process waits for a moment, how long what runs there
// waited for one, and at which clock rate they run. Looked at under the machine's lock, before a trial and after it.
import { cpus } from 'node:os'
import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { readAllowedCpus } from '../../machine/affinity.ts'
import { readUsableCpus } from '../../machine/index.ts'
import { thisSystem } from '../../machine/system.ts'
import { startWatch, stolenMs } from '../../measure/timing/disturbance.ts'
import { effectiveClock } from '../../measure/timing/handoff.ts'
import { watchRunQueue } from '../../measure/timing/run-queue.ts'

export interface Look {
  /** Of the CPUs that may be used, in all that runs there. */
  readonly busyShare: number
  /** By the hypervisor. */
  readonly stolenShare: number
  /** Of the time, in which what others run waited for a CPU; null: the system does not tell. */
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

export async function lookAround(): Promise<Look> {
  const allowed = readAllowedCpus(thisSystem)
  const timesOf = () => cpus().flatMap(({ times }, cpu) => (allowed === null || allowed.includes(cpu) ? [times] : []))
  const watch = startWatch()
  const waitedMs = watchRunQueue(thisSystem, allowed)
  const before = timesOf()
  const startMs = performance.now()
  await sleep(LOOK_MS)
  const after = timesOf()
  const waited = waitedMs()
  const lookedMs = performance.now() - startMs
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
    stolenShare: stolenMs(watched, { usableCpus: readUsableCpus() }) / watched.wallMs,
    waitedShare: waited === null ? null : waited / lookedMs,
    clock: effectiveClock(),
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
