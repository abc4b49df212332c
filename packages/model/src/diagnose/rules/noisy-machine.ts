// Someone else uses the CPUs. The median of a short prediction can hide it; the time that runnable threads wait in the run queue
// does not (/proc/PID/task/*/schedstat, second field), nor does the time that a hypervisor gives to other machines (steal,
// /proc/stat). https://docs.kernel.org/scheduler/sched-stats.html
import { ms, number, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import type { Latency } from '@whyslow/measure/timing/types.ts'
import { shareOfWall, totalsOf, waitInMedianMs } from '../disturbance.ts'
import { defineRule } from '../rule.ts'

/** Share of the wall time, per thread. On a quiet machine a thread waits 0.1 to 3 %, next to one busy process more than 10 %. */
const WAITED_SHARE = 0.05
/** A healthy virtual machine shows steal below 1 %; above 2 % neighbours take CPU time that was paid for. */
const STOLEN_SHARE = 0.02
/** Share of the time: a process that its quota stops for longer may wait because of it. */
const STOPPED_SHARE = 0.01

const WAITS_NOT_SEEN = { notChecked: 'the prediction ran in a browser, whose waits for a CPU are not seen' } as const

export const noisyMachine = defineRule({
  id: 'noisy-machine',
  area: 'hardware',
  title: 'Noisy machine: other work takes CPU time from the prediction',
  needs: ['latency', 'machine', 'engine'],
  check({ latency, machine, engine }) {
    if (latency.blocks.some(({ elsewhere }) => elsewhere)) return WAITS_NOT_SEEN
    const totals = totalsOf(latency)
    const stolenShare = shareOfWall(totals.stolenCpuMs, totals) / Math.max(1, machine.usableCpus)
    const stoppedTogether = Math.max(1, Math.min(engine.threadsInUse, machine.onlineCpus))
    const stoppedShare = shareOfWall(totals.throttledCpuMs, totals) / stoppedTogether
    const ownWaits = ownReasonToWait(engine.threadsInUse, machine.usableCpus, stoppedShare)
    const waitedShare = ownWaits === null ? shareOfWall(totals.waitedMs, totals) / Math.max(1, engine.threadsInUse) : 0
    if (waitedShare < WAITED_SHARE && stolenShare < STOLEN_SHARE) return ownWaits === null ? 'clear' : { notChecked: ownWaits }

    const saving: Saving =
      waitedShare >= WAITED_SHARE ? savingOf(latency, engine.threadsInUse, waitedShare) : { timeMs: 0, basis: 'measured' }
    if (stolenShare < STOLEN_SHARE && !isWorthSaying(saving.timeMs, latency.p50Ms)) return 'clear'
    const [isWaited, isStolen] = [waitedShare >= WAITED_SHARE, stolenShare >= STOLEN_SHARE]
    const waited = tell`its threads waited ${ms('waited', totals.waitedMs)} for a CPU in ${ms('timed', totals.wallMs)}
      (${share('waited-share', waitedShare)} of each thread's time)`
    const stolen = tell`the hypervisor kept back ${share('stolen-share', stolenShare)} of the CPU time`
    return {
      ...tell`While predictions were timed, ${isWaited ? waited : ''}${isWaited && isStolen ? ' and ' : ''}${isStolen ? stolen : ''}; the
        process was switched off its CPU ${number('switches', totals.involuntarySwitches, 'times')} times in
        ${number('predictions', totals.predictions, 'predictions')} predictions. ${sayWhere(saving)}`,
      timeMs: saving.timeMs,
      ...(saving.basis === 'measured' || saving.timeMs === 0
        ? { wouldSaveMs: saving.timeMs }
        : { wouldSaveMs: null, savingUnknown: 'predictions near the median show no wait of their own' }),
      basis: saving.basis,
    }
  },
})

interface Saving {
  readonly timeMs: number
  readonly basis: 'measured' | 'modelled'
}

/**
 * What a thread waits inside the samples near the median, where waits were seen there: at most what separates the p50 from the
 * fastest sample. Else the mean: the share of its time that each thread waited.
 */
function savingOf(latency: Latency, threads: number, waitedShare: number): Saving {
  const waitMs = waitInMedianMs(latency, threads)
  if (waitMs === 0) return { timeMs: Math.min(1, waitedShare) * latency.p50Ms, basis: 'modelled' }
  const fastestMs = latency.samplesMs.reduce((least, ms) => Math.min(least, ms), latency.p50Ms)
  return { timeMs: Math.min(waitMs, latency.p50Ms - fastestMs), basis: 'measured' }
}

function sayWhere({ timeMs, basis }: Saving): string | Sentence {
  if (timeMs === 0) return 'What it costs a prediction was not measured.'
  return basis === 'measured'
    ? tell`${ms('waited-in-median', timeMs)} of the median prediction is waiting.`
    : tell`Predictions near the median show no wait of their own: on average it costs ${ms('waited-on-average', timeMs)}, most of it in the
        tail.`
}

/** Why the process's own doing makes its threads wait, so that waits say nothing of others; null if it does not. */
function ownReasonToWait(threads: number, cpus: number, throttledShare: number): string | null {
  if (threads > cpus) return `${threads} threads on ${cpus} CPUs wait for each other: waits say nothing of other processes`
  if (throttledShare >= STOPPED_SHARE) return 'the CPU quota stops the process: waits say nothing of other processes'
  return null
}
