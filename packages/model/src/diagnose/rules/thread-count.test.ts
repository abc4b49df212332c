import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { threadCount } from './thread-count.ts'

const sweep = (current: number, ...points: readonly (readonly [at: number, p50Ms: number, spread?: number])[]): Sweep => ({
  dimension: 'threads',
  unit: 'threads',
  points: points.map(([at, p50Ms, spread = 0.01]) => ({
    at,
    p50Ms,
    ciLowMs: p50Ms * (1 - spread),
    ciHighMs: p50Ms * (1 + spread),
  })),
  fit: null,
  current,
})

/** As measured in rounds: 8 ms of 10 with ranges that lie apart, and a ratio that is up to so high. */
const inRounds = (ratioHigh: number): Sweep => {
  const apart = sweep(4, [2, 8], [4, 10])
  const [two, four] = apart.points
  return { ...apart, points: [{ ...two!, overCurrent: { ratio: 0.8, ratioLow: 0.6, ratioHigh } }, four!] }
}

checkRule(threadCount, {
  found: [
    {
      // 8 instead of 10 in the sweep saves a fifth: of a p50 of 20 ms, 4 ms
      name: 'fewer threads, with the ratio carried over to the p50',
      given: evidence({ p50Ms: 20, threadSweep: sweep(4, [1, 16], [2, 8], [4, 10]) }),
      expect: { wouldSaveMs: 4, basis: 'measured', next: 'whyslow fix MODEL -o fast/', title: '2 threads are faster than 4' },
    },
    {
      name: 'the fewest threads among those as good as the best',
      given: evidence({ p50Ms: 10, threadSweep: sweep(4, [1, 5.05], [2, 5], [4, 10]) }),
      expect: { wouldSaveMs: 4.95, title: 'One thread is faster than 4' },
    },
    {
      name: 'a ratio whose interval is clear of 1',
      given: evidence({ p50Ms: 20, threadSweep: inRounds(0.95) }),
      expect: { wouldSaveMs: 4, title: '2 threads are faster than 4' },
    },
    {
      name: 'more threads',
      given: evidence({ p50Ms: 10, threadSweep: sweep(1, [1, 10], [2, 6]) }),
      expect: { wouldSaveMs: 4 },
    },
    {
      name: 'a count 3 % above the best is not as good',
      given: evidence({ p50Ms: 10, threadSweep: sweep(4, [1, 5.15], [2, 5], [4, 10]) }),
      expect: { wouldSaveMs: 5, title: '2 threads are faster than 4' },
    },
  ],
  clear: [
    { name: 'ranges that lie apart, as of one count in so many they may', given: evidence({ threadSweep: inRounds(1.05) }) },
    { name: 'the fastest is in use', given: evidence({ threadSweep: sweep(2, [1, 12], [2, 8], [4, 10]) }) },
    { name: 'intervals that overlap', given: evidence({ threadSweep: sweep(4, [2, 9, 0.1], [4, 10, 0.1]) }) },
    { name: 'a gain of 2.5 %', given: evidence({ threadSweep: sweep(4, [2, 9.75, 0.001], [4, 10, 0.001]) }) },
  ],
  notChecked: [{ name: 'no point at the count in use', given: evidence({ threadSweep: sweep(3, [2, 9], [4, 10]) }) }],
})
