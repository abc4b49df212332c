import { expect, test } from 'vitest'
import { servingLimits } from './limits.ts'

type Report = Parameters<typeof servingLimits>[0]
const found = { ratePerSecond: 150, low: 140, high: 160, confirmed: 5 }
const row = { workers: 2, threads: 1, maxBatch: 1, answersPerSecond: 200, found, why: null }
const limits = (objective: string, ...tried: Report['tried']) => servingLimits({ objective, best: tried.length - 1, tried })

test('as many wait as are answered in time, less those that are predicted, and none beyond the bound', () => {
  // 200 answers a second are 40 in 200 ms; 2 of them are being predicted.
  expect(limits('p99<200ms', row)).toEqual({ queue: 38, deadlineMs: 200 })
  // 4 in 20 ms: two for each worker at least.
  expect(limits('p99<20ms', row)).toEqual({ queue: 4, deadlineMs: 20 })
  expect(limits('p99.9<20ms', { ...row, maxBatch: 8 })).toEqual({ queue: 32, deadlineMs: 20 })
})

test('a set-up with a delay answers what its twin without one does', () => {
  const other = { ...row, workers: 1, answersPerSecond: 900 }
  expect(limits('p99<1s', other, row, { ...row, batchDelayMs: 2, answersPerSecond: null })).toMatchObject({ queue: 198 })
  expect(limits('p99<1s', { ...row, answersPerSecond: null })).toMatchObject({ queue: 148 })
})

test('where more may be late than may get no answer, nothing is refused for being late', () => {
  for (const objective of ['p90<20ms', 'mean<20ms', 'p99<20ms,errors<0.1%'])
    expect([objective, limits(objective, row)]).toEqual([objective, {}])
  expect(limits('p90<20ms,errors<10%', row)).toEqual({ queue: 4, deadlineMs: 20 })
  expect(servingLimits({ objective: 'p99<20ms', best: null, tried: [row] })).toEqual({})
})
