import { expect, test } from 'vitest'
import { leastSamples, overBudget, tailOf } from './percentiles.ts'

// MLCommons' own numbers: the floors of the estimate, and budgets of its worked examples.
test.each([
  [0.5, 11],
  [0.9, 64],
  [0.95, 130],
  [0.99, 662],
  [0.999, 6636],
])('the %d quantile takes %d samples', (share, least) => expect(leastSamples(share)).toBe(least))

test.each([
  [0.9, 1000, 78],
  [0.95, 2000, 77],
  [0.99, 1000, 2],
  [0.99, 5000, 33],
  [0.99, 10_000, 77],
  [0.99, 459, 0],
  [0.99, 458, -1],
])('at %d, of %d samples %d may be over', (share, count, budget) => expect(overBudget(share, count)).toBe(budget))

const ramp = (count: number) => Array.from({ length: count }, (_, i) => i + 1)

test('a percentile is given only if the samples support it', () => {
  expect(tailOf(ramp(63))).toEqual(tailOf([]))
  expect(Object.values(tailOf([]))).toEqual([null, null, null, null, null, null])
  expect(tailOf(ramp(64))).toMatchObject({ p90Ms: 58, p95Ms: null, p99Ms: null, p99UpperMs: null })
})

test('an estimate is the nearest rank; its upper bound is what it does not exceed with 99 % confidence', () => {
  // 0.9^64 + 64 · 0.1 · 0.9^63 = 0.96 %: the largest sample alone may be left out.
  expect(tailOf(ramp(64))).toMatchObject({ p90Ms: 58, p90UpperMs: 63 })
  // 0.99^662 + 662 · 0.01 · 0.99^661 = 0.99 %.
  expect(tailOf(ramp(662))).toMatchObject({ p99Ms: 656, p99UpperMs: 661 })
  // Of many it comes near the rank, which 2.33 standard deviations, √990 each, add to.
  const many = tailOf(ramp(100_000))
  expect(many.p99Ms).toBe(99_000)
  expect(many.p99UpperMs! - 99_000).toBeCloseTo(2.33 * Math.sqrt(990), -1)
})
