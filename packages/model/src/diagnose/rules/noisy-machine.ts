// Someone else uses the CPUs. The median of a short prediction can hide it; the time that runnable threads wait in the run queue
// does not (/proc/PID/task/*/schedstat, second field), nor does the time that a hypervisor gives to other machines (steal,
// /proc/stat). https://docs.kernel.org/scheduler/sched-stats.html
import { ms, number, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import type { Latency } from '@whyslow/measure/timing/types.ts'
import { shareOfWall, type Totals, totalsOf, waitInMedianMs } from '../disturbance.ts'
import { defineRule } from '../rule.ts'

/** Share of the wall time, per thread. On a quiet machine a thread waits 0.1 to 3 %, next to one busy process more than 10 %. */
const WAITED_SHARE = 0.05
/** A healthy virtual machine shows steal below 1 %; above 2 % neighbours take CPU time that was paid for. */
const STOLEN_SHARE = 0.02
/** Share of the time: a process that its quota stops for longer may wait because of it. */
const STOPPED_SHARE = 0.01

/** Shorter predictions are timed without a look at the waits of each. */
const WATCHED_FROM_MS = 1

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

    const cost: Cost = waitedShare >= WAITED_SHARE ? costOf(latency, engine.threadsInUse, totals) : NOT_MEASURED
    if (stolenShare < STOLEN_SHARE && cost.of !== 'the mean' && !isWorthSaying(cost.ms, latency.p50Ms)) return 'clear'
    const [isWaited, isStolen] = [waitedShare >= WAITED_SHARE, stolenShare >= STOLEN_SHARE]
    const waited = tell`its threads waited ${ms('waited', totals.waitedMs)} for a CPU in ${ms('timed', totals.wallMs)}
      (${share('waited-share', waitedShare)} of each thread's time)`
    const stolen = tell`the hypervisor kept back ${share('stolen-share', stolenShare)} of the CPU time`
    return {
      ...tell`While predictions were timed, ${isWaited ? waited : ''}${isWaited && isStolen ? ' and ' : ''}${isStolen ? stolen : ''}; the
        process was switched off its CPU ${number('switches', totals.involuntarySwitches, 'times')} times in
        ${number('predictions', totals.predictions, 'predictions')} predictions. ${sayWhere(cost)}`,
      ...(cost.of === 'the median'
        ? { timeMs: cost.ms, wouldSaveMs: cost.ms, basis: 'measured' }
        : { timeMs: 0, wouldSaveMs: 0, basis: cost.of === 'the mean' ? 'modelled' : 'measured' }),
    }
  },
})

/** What waiting costs: the median prediction, or the mean of all while the median hides it. */
type Cost =
  | { readonly of: 'the median'; readonly ms: number }
  | { readonly of: 'the mean'; readonly ms: number; readonly isShort: boolean }
  | { readonly of: null; readonly ms: 0 }

const NOT_MEASURED: Cost = { of: null, ms: 0 }

/**
 * What a thread waits inside the samples near the median, where waits were seen there: at most what separates the p50 from the
 * fastest sample. Else the mean over all predictions, which the p50 has no part in.
 */
function costOf(latency: Latency, threads: number, totals: Totals): Cost {
  const waitMs = waitInMedianMs(latency, threads)
  if (waitMs > 0) {
    const fastestMs = latency.samplesMs.reduce((least, ms) => Math.min(least, ms), latency.p50Ms)
    return { of: 'the median', ms: Math.min(waitMs, latency.p50Ms - fastestMs) }
  }
  const meanMs = totals.waitedMs / Math.max(1, threads) / Math.max(1, totals.predictions)
  return { of: 'the mean', ms: meanMs, isShort: latency.p50Ms < WATCHED_FROM_MS }
}

function sayWhere(cost: Cost): string | Sentence {
  if (cost.of === null || cost.ms === 0) return 'What it costs a prediction was not measured.'
  if (cost.of === 'the median') return tell`${ms('waited-in-median', cost.ms)} of the median prediction is waiting.`
  const onAverage = tell`on average each waited ${ms('waited-on-average', cost.ms)}`
  return cost.isShort
    ? tell`Predictions this short are not watched one by one: ${onAverage}.`
    : tell`Predictions near the median show no wait of their own: ${onAverage}, most of it in the tail.`
}

/** Why the process's own doing makes its threads wait, so that waits say nothing of others; null if it does not. */
function ownReasonToWait(threads: number, cpus: number, throttledShare: number): string | null {
  if (threads > cpus)
    return `${threads} threads on ${plural(cpus, 'CPU')} wait for each other: waits say nothing of other processes`
  if (throttledShare >= STOPPED_SHARE) return 'the CPU quota stops the process: waits say nothing of other processes'
  return null
}
