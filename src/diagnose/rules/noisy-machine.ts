// Someone else uses the CPUs. The median of a short prediction can hide it; the time that runnable threads wait in the run queue
// does not (/proc/PID/task/*/schedstat, second field), nor does the time that a hypervisor gives to other machines (steal,
// /proc/stat). https://docs.kernel.org/scheduler/sched-stats.html
import type { Latency } from '../../measure/timing/types.ts'
import { shareOfWall, totalsOf, waitInMedianMs } from '../disturbance.ts'
import { defineRule } from '../rule.ts'
import { isWorthSaying, sayMs, sayShare } from '../worth.ts'

/** Of the wall time, per thread. On a quiet machine a thread waits 0.1 to 3 %, beside one busy process more than 10 %. */
const WAITED_SHARE = 0.05
/** A healthy virtual machine shows steal below 1 %; above 2 % neighbours take CPU time that was paid for. */
const STOLEN_SHARE = 0.02

const WAITS_NOT_SEEN = { notChecked: 'the prediction ran in a browser, whose waits for a CPU are not seen' } as const

export const noisyMachine = defineRule({
  id: 'noisy-machine',
  area: 'hardware',
  title: 'Other work takes CPU time from the prediction',
  needs: ['latency', 'machine', 'engine'],
  check({ latency, machine, engine }) {
    if (latency.blocks.some(({ elsewhere }) => elsewhere)) return WAITS_NOT_SEEN
    const totals = totalsOf(latency)
    const stolenShare = shareOfWall(totals.stolenMs, totals) / Math.max(1, machine.usableCpus)
    const ownWaits = ownReasonToWait(engine.threadsInUse, machine.usableCpus, shareOfWall(totals.throttledMs, totals))
    const waitedShare = ownWaits === null ? shareOfWall(totals.waitedMs, totals) / Math.max(1, engine.threadsInUse) : 0
    if (waitedShare < WAITED_SHARE && stolenShare < STOLEN_SHARE) return ownWaits === null ? 'clear' : { notChecked: ownWaits }

    const saving: Saving =
      waitedShare >= WAITED_SHARE ? savingOf(latency, engine.threadsInUse, waitedShare) : { ms: 0, basis: 'measured' }
    if (stolenShare < STOLEN_SHARE && !isWorthSaying(saving.ms, latency.p50Ms)) return 'clear'
    const waited = `its threads waited ${sayMs(totals.waitedMs)} for a CPU in ${sayMs(totals.wallMs)} (${sayShare(waitedShare)} of each thread's time)`
    const stolen = `the hypervisor kept back ${sayShare(stolenShare)} of the CPU time`
    const signs = [...(waitedShare >= WAITED_SHARE ? [waited] : []), ...(stolenShare >= STOLEN_SHARE ? [stolen] : [])]
    return {
      found: {
        detail:
          `While predictions were timed, ${signs.join(' and ')}; the process was switched off its CPU ` +
          `${totals.involuntarySwitches} times in ${totals.predictions} predictions. ${sayWhere(saving)}`,
        timeMs: saving.ms,
        wouldSaveMs: saving.ms,
        basis: saving.basis,
        nodes: [],
        next: null,
      },
    }
  },
})

interface Saving {
  readonly ms: number
  readonly basis: 'measured' | 'modelled'
}

/**
 * What a thread waits inside the samples near the median, where waits were seen there: at most what separates the p50 from the
 * fastest sample. Else the mean: the share of its time that each thread waited.
 */
function savingOf(latency: Latency, threads: number, waitedShare: number): Saving {
  const waitMs = waitInMedianMs(latency, threads)
  if (waitMs === 0) return { ms: Math.min(1, waitedShare) * latency.p50Ms, basis: 'modelled' }
  const fastestMs = latency.samplesMs.reduce((least, ms) => Math.min(least, ms), latency.p50Ms)
  return { ms: Math.min(waitMs, latency.p50Ms - fastestMs), basis: 'measured' }
}

function sayWhere({ ms, basis }: Saving): string {
  if (ms === 0) return 'What it costs a prediction was not measured.'
  return basis === 'measured'
    ? `${sayMs(ms)} of the median prediction is waiting.`
    : `Predictions near the median show no wait of their own: on average it costs ${sayMs(ms)}, most of it in the tail.`
}

/** Why the process's own doing makes its threads wait, so that waits say nothing of others; null where it does not. */
function ownReasonToWait(threads: number, cpus: number, throttledShare: number): string | null {
  if (threads > cpus) return `${threads} threads on ${cpus} CPUs wait for each other: waits say nothing of other processes`
  if (throttledShare >= 0.01) return 'the CPU quota stops the process: waits say nothing of other processes'
  return null
}
