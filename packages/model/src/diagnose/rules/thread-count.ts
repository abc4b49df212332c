// The number of threads in use is not the fastest: another number was measured in the same rounds, and is clearly faster in them.
// More threads than cores, a small model whose handoffs cost more than its work, or a default that uses half of the machine.
import { countFact, ms, number, share, tell } from '@whyslow/diagnosis/tell.ts'
import { isWorthSaying } from '@whyslow/diagnosis/worth.ts'
import { verdictOf } from '@whyslow/measure/statistics/index.ts'
import type { SweepPoint } from '@whyslow/measure/timing/types.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** Counts within 2 % of the fastest are as good as it: the fewest threads among them leave the most CPUs to others. */
const AS_GOOD_AS_BEST = 1.02

export const threadCount = defineRule({
  id: 'thread-count',
  area: 'software',
  title: 'Another number of threads is faster',
  needs: ['latency', 'threadSweep'],
  check({ latency, threadSweep }) {
    const current = threadSweep.points.find((point) => point.at === threadSweep.current)
    if (current === undefined) return { notChecked: `the sweep has no point at the ${threadSweep.current} threads in use` }

    const fastestMs = Math.min(...threadSweep.points.map((point) => point.p50Ms))
    const best = threadSweep.points
      .filter((point) => point.p50Ms <= AS_GOOD_AS_BEST * fastestMs)
      .reduce((fewest, point) => (point.at < fewest.at ? point : fewest))
    if (!isFaster(best, current)) return 'clear'

    // The sweep is measured at another moment than the p50: its ratio is taken over, not its difference.
    const savedShare = 1 - best.p50Ms / current.p50Ms
    const savingMs = latency.p50Ms * savedShare
    if (!isWorthSaying(savingMs, latency.p50Ms)) return 'clear'
    return {
      title: `${best.at === 1 ? 'One thread is' : `${best.at} threads are`} faster than ${current.at}`,
      ...tell`Measured one after the other: ${ms('now', current.p50Ms)} with ${countFact('thread', current.at)},
        ${ms('best', best.p50Ms)} with ${number('best-threads', best.at, 'threads')}, ${share('saved', savedShare)} less.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: savingMs,
      basis: 'measured',
      next: fixModel(),
    }
  },
})

/**
 * By ratios of the same round, with an interval that is wide enough for this many counts: three rounds of six counts lie apart by chance in
 * more than one run in six. In evidence without them, by the counts' own ranges.
 */
const isFaster = ({ ciHighMs, overCurrent }: SweepPoint, current: SweepPoint): boolean =>
  overCurrent === undefined ? ciHighMs < current.ciLowMs : verdictOf(overCurrent) === 'faster'
