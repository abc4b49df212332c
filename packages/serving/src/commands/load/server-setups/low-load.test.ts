import type { LoadDocument } from '@whyslow/report/documents/load.ts'
import { expect, test } from 'vitest'
import type { LoadOptions } from '../options.ts'
import { isSimpler, losesAtLowLoad, lowLoadSeconds } from './low-load.ts'
import type { Row, ServingSetup } from './types.ts'

const row = (workers: number, maxBatch: number, batchDelayMs?: number, ratePerSecond = 100): Row => ({
  workers,
  threads: 1,
  maxBatch,
  answersPerSecond: 1000,
  found: { ratePerSecond, low: 98, high: 103, confirmed: 0 },
  why: null,
  ...(batchDelayMs === undefined ? {} : { batchDelayMs }),
})

const asked: string[] = []
/** The mean of each run, ms. Joined requests are `together`. */
const runOn = (times: Readonly<Record<string, readonly number[]>>, together = 1.5) => {
  const left = new Map(Object.entries(times).map(([key, all]) => [key, [...all]]))
  asked.length = 0
  return async ({ workers, maxBatch, batchDelayMs }: ServingSetup, { rates, seed, seconds }: Partial<LoadOptions>) => {
    const key = `${workers}b${maxBatch}${batchDelayMs === 0 ? '' : 'd'}`
    asked.push(`${key} ${rates![0]} seed ${seed} for ${seconds} s`)
    const meanMs = left.get(key)!.shift()!
    const point = {
      ...{
        saturated: false,
        errors: 0,
        p99Ms: meanMs,
        meanMs,
        intervals: { meanMs: { low: 0.95 * meanMs, high: 1.05 * meanMs } },
      },
      server: { meanTogether: maxBatch === 1 ? 1 : together },
    }
    return { points: [point] } as unknown as LoadDocument
  }
}

test('simpler is no delay, then nothing joined, then fewer workers', () => {
  expect(isSimpler(row(4, 8), row(1, 8, 2))).toBe(true)
  expect(isSimpler(row(4, 1), row(1, 8))).toBe(true)
  expect(isSimpler(row(2, 16), row(4, 8))).toBe(true)
  expect(isSimpler(row(2, 1), row(1, 1))).toBe(false)
})

test('one that joins requests loses where one by one is answered sooner at a fifth of its rate than before and after', async () => {
  expect(await losesAtLowLoad(row(2, 8), runOn({ '2b8': [6, 6.1], '2b1': [5] }))).toBe(true)
  expect(asked).toEqual(['2b8 20 seed 1001 for 6 s', '2b1 20 seed 1001 for 6 s', '2b8 20 seed 1001 for 6 s'])
  expect(await losesAtLowLoad(row(2, 8), runOn({ '2b8': [6, 5], '2b1': [5] }))).toBe(false)
})

test('each run has the requests that an interval of its mean takes, within 20 s', async () => {
  // A fifth of 50 requests/s.
  await losesAtLowLoad(row(2, 8, undefined, 50), runOn({ '2b8': [6, 6.1], '2b1': [5] }))
  expect(asked[0]).toBe('2b8 10 seed 1001 for 10.1 s')
  await losesAtLowLoad(row(2, 8, undefined, 5), runOn({ '2b8': [6, 6.1], '2b1': [5] }))
  expect(asked[0]).toBe('2b8 1 seed 1001 for 20 s')
  expect([row(2, 8), row(2, 8, undefined, 5)].map(lowLoadSeconds)).toEqual([33, 75])
})

test('it is not compared where nothing was joined; a delay is waited even so', async () => {
  expect(await losesAtLowLoad(row(2, 8), runOn({ '2b8': [6] }, 1))).toBe(false)
  expect(asked).toHaveLength(1)
  expect(await losesAtLowLoad(row(2, 1), runOn({}))).toBe(false)
  expect(await losesAtLowLoad(row(2, 8, 4), runOn({ '2b8d': [6, 6], '2b1': [5] }, 1))).toBe(true)
})
