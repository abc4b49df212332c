// More threads than CPUs: the operating system gives them turns, and every operator waits for the thread whose turn comes last.
// onnxruntime takes its default from the host's cores, blind to a container's quota; its threads spin while they wait, so idle ones
// take turns too. https://onnxruntime.ai/docs/performance/tune-performance/threading.html
import { countFact, ms, number, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { plural } from '@whyslow/measure/statistics/numbers.ts'
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { waitInMedianMs } from '../disturbance.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const threadOversubscription = defineRule({
  id: 'thread-oversubscription',
  area: 'software',
  title: 'Thread oversubscription: more threads than CPUs',
  needs: ['latency', 'engine', 'machine'],
  wants: ['threadSweep'],
  check({ latency, engine, machine, threadSweep }) {
    const threads = engine.threadsInUse
    const cpus = Math.max(1, Math.min(machine.usableCpus, Math.ceil(machine.quotaCpus ?? machine.usableCpus)))
    if (threads <= cpus) return 'clear'

    const waitMs = waitInMedianMs(latency, threads)
    const sweptRatio = threadSweep === undefined ? undefined : ratioInSweep(threadSweep, threads, cpus)
    const mostMs = mostWaitMs(latency.p50Ms, waitMs, threads, cpus)
    const wouldSaveMs = sweptRatio === undefined ? (mostMs === 0 ? 0 : null) : latency.p50Ms * sweptRatio
    const limit =
      machine.quotaCpus === null || machine.quotaCpus > machine.usableCpus
        ? tell`may use ${countFact('CPU', cpus)}`
        : tell`has a quota of ${number('quota', machine.quotaCpus, 'CPUs')} CPUs`
    const measured = tell`Measured with ${number('CPUs', cpus, 'CPUs')},`
    const cost =
      sweptRatio === undefined
        ? tell`At the median each waits ${ms('waited-in-median', waitMs)} a prediction.`
        : wouldSaveMs === 0
          ? tell`${measured} it is not faster.`
          : tell`${measured} a prediction takes ${ms('on-fitting-threads', latency.p50Ms * (1 - sweptRatio))} instead of ${ms('p50', latency.p50Ms)}.`
    return {
      title: `${threads} threads share ${plural(cpus, 'CPU')}`,
      ...tell`The engine works with ${countFact('thread', threads)} and the process ${limit}: threads wait for each other's turn. ${cost}`,
      timeMs: wouldSaveMs === null ? mostMs : latency.p50Ms,
      wouldSaveMs,
      ...(wouldSaveMs === null && { savingUnknown: 'fewer threads were not timed: a run without --quick does it' }),
      basis: 'measured',
      next: fixModel(),
    }
  },
})

/**
 * Share 0..1 of the latency that `cpus` threads save; 0 if the sweep shows no gain worth it, undefined if it has not both points.
 * Intervals are not asked to be apart: that the threads are too many is a fact, and their latency is restless by nature.
 */
function ratioInSweep(sweep: Sweep, threads: number, cpus: number): number | undefined {
  const current = sweep.points.find((point) => point.at === threads)
  const fitting = sweep.points.find((point) => point.at === cpus)
  if (current === undefined || fitting === undefined) return undefined
  const saved = 1 - fitting.p50Ms / current.p50Ms
  return isWorthSaying(saved, 1) ? saved : 0
}

/**
 * The mean wait of a thread, and at most the share of turns that the threads above the CPUs take: with T threads always
 * runnable on C CPUs each runs C/T of the time.
 */
function mostWaitMs(p50Ms: number, waitMs: number, threads: number, cpus: number): number {
  return Math.min(waitMs, p50Ms * (1 - cpus / threads))
}
