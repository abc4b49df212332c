// Samples that are known, so that the percentile and its interval can be told.
import { expect, test } from 'vitest'
import { judgeOf, judgeStatistic } from './judged-statistic.ts'

/** Rounds of so many samples each: 1 ms, and one in a hundred that takes `slowMs`. */
const rounds = (count: number, each: number, slowMs: number) =>
  Array.from({ length: count }, () => ({ samplesMs: Array.from({ length: each }, (_, k) => (k % 50 === 49 ? slowMs : 1)) }))
const LENGTH = { sampleMs: 250, least: 5 }
const p99 = { statistic: 'percentile', share: 0.99 } as const

test('the p99 of slow outliers is seen, which the median does not move by', () => {
  const judged = judgeStatistic({ base: rounds(5, 200, 2), own: rounds(5, 200, 3) }, p99, LENGTH)
  expect(judged).toEqual({
    statistic: 'p99',
    unit: 'ms',
    model: 3,
    baseline: 2,
    ratio: 1.5,
    ratioLow: 1.5,
    ratioHigh: 1.5,
    samples: 1000,
    leastSamples: 662,
  })
})

test('below the least number of samples nothing is said, but how long it takes', () => {
  // 500 of the 662, in 5 × 250 ms: 1.25 s × 662 / 500 × 1.5 = 2.48 s.
  const judged = judgeStatistic({ base: rounds(5, 200, 2), own: rounds(5, 100, 3) }, p99, LENGTH)
  expect(judged).toMatchObject({ model: null, ratio: null, ratioLow: null, samples: 500, leastSamples: 662, longerSeconds: 3 })
})

test('the interval goes from the low end of one to the high end of the other', () => {
  // 1 … 100, twenty times: of 2000 samples the ranks 0.99 ± 1.96·√(0.99·0.01/2000) are 1972 and 1989, which are 99 and 100.
  const samplesMs = Array.from({ length: 2000 }, (_, k) => ((k * 37) % 100) + 1)
  const judged = judgeStatistic({ base: [{ samplesMs }], own: [{ samplesMs }] }, p99, null)
  expect(judged).toMatchObject({ model: 99, baseline: 99, ratio: 1, ratioLow: 99 / 100, ratioHigh: 100 / 99 })
})

test('stretches that differ may leave a percentile without an upper bound, however many samples there are', () => {
  // 1 … 1000 in an order whose stretches differ.
  const samplesMs = Array.from({ length: 1000 }, (_, k) => ((k * 389) % 1000) + 1)
  const judged = judgeStatistic({ base: [{ samplesMs }], own: [{ samplesMs }] }, p99, LENGTH)
  expect(judged).toMatchObject({ ratio: null, samples: 1000, leastSamples: 662, longerSeconds: 2 })
})

test('a throughput counts outliers, round by round', () => {
  const judged = judgeStatistic({ base: rounds(5, 200, 1), own: rounds(5, 200, 11) }, { statistic: 'throughput' }, null)
  // A fiftieth takes 11 ms: 1.2 ms on average.
  expect(judged).toMatchObject({ statistic: 'throughput', unit: '1/s', baseline: 1000 })
  expect(judged.model).toBeCloseTo(1000 / 1.2)
  expect(judged.ratio).toBeCloseTo(1.2)
  expect(judged.ratioLow).toBeCloseTo(1.2)
  expect(judgeStatistic({ base: rounds(1, 9, 1), own: rounds(1, 9, 1) }, { statistic: 'throughput' }, null).ratio).toBeNull()
})

test('one of the two is judged', () => {
  expect(judgeOf({ percentile: null, throughput: false })).toBeNull()
  expect(judgeOf({ percentile: 0.99, throughput: false })).toEqual(p99)
  expect(() => judgeOf({ percentile: 0.99, throughput: true })).toThrow(/give one of them/)
})
