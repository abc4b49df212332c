// How many threads share the work of one operator. The engine's default is the host's physical cores, blind to a container's quota;
// small operators are done before a second thread has woken up.
// https://onnxruntime.ai/docs/performance/tune-performance/threading.html
import type { SweepPoint } from '@whyslow/measure/timing/types.ts'
import { defineRemedy, type FindingFacts, type RemedyEvidence } from '../kit/remedy.ts'
import { threadsOf, withOptions } from '../kit/session-options.ts'

/** Entries that say something of one number of threads: they do not outlive it. */
const BOUND_TO_THE_COUNT = { 'session.intra_op_thread_affinities': null, 'session.intra_op_num_threads': null }

/** Thread counts, from 1 on, tried if no sweep measured them: one, half (the cores, where two threads share a core), all. */
const withoutSweep = (usableCpus: number): readonly number[] => [1, Math.ceil(usableCpus / 2), usableCpus]

export const threadCount = defineRemedy({
  id: 'thread-count',
  title: 'Use another number of threads',
  treats: ['thread-count', 'parallel-overhead', 'thread-oversubscription', 'slow-thread-handoff'],
  effect: 'rounding',
  kind: 'settings',
  anyEngine: true,
  goals: ['latency', 'throughput'],
  apply(setup, evidence) {
    const current = threadsOf(setup, evidence)
    const points = evidence.threadSweep?.points ?? []
    const measured = [...points].sort((a, b) => a.p50Ms - b.p50Ms || a.at - b.at).map(({ at }) => at)
    const counts = [...new Set([...measured, ...withoutSweep(evidence.usableCpus)])].filter((count) => count !== current)
    return counts.map((count) => ({
      variant: String(count),
      setup: withOptions(setup, { threads: count }, BOUND_TO_THE_COUNT),
      changes: [`${count === 1 ? '1 thread' : `${count} threads`} instead of ${current}`],
      predictedSavingMs: predictedMs(points, current, count, evidence),
    }))
  },
})

/** The sweep runs at another moment than the p50: its ratio is carried over. 0 if the sweep shows no gain. */
function predictedMs(points: readonly SweepPoint[], current: number, count: number, evidence: RemedyEvidence): number | null {
  const [now, then] = [current, count].map((at) => points.find((point) => point.at === at))
  if (now !== undefined && then !== undefined) return Math.max(0, evidence.p50Ms * (1 - then.p50Ms / now.p50Ms))
  return count === evidence.usableCpus ? oversubscriptionMs(evidence.findings) : null
}

/** The finding is about as many threads as CPUs, and about no other number. */
function oversubscriptionMs(findings: readonly FindingFacts[]): number | null {
  return findings.find(({ rule }) => rule === 'thread-oversubscription')?.wouldSaveMs ?? null
}
