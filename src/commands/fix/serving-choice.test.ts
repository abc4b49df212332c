import { expect, test } from 'vitest'
import type { LoadDocument } from '../../report/documents/load.ts'
import type { LoadOptions } from '../load/options.ts'
import { chooseServing } from './serving-choice.ts'
import type { Row, ServingSetup } from './serving-types.ts'

const row = (workers: number, maxBatch: number, rate: number | null, batchDelayMs?: number): Row => ({
  workers,
  threads: 1,
  maxBatch,
  answersPerSecond: 1000,
  found: rate === null ? null : { ratePerSecond: rate, low: 0.98 * rate, high: 1.03 * rate, confirmed: 5 },
  why: null,
  ...(batchDelayMs === undefined ? {} : { batchDelayMs }),
})

const asked: string[] = []
/** What a set-up takes in each of its runs: the p99 at high load, and the mean at low load. Joined requests are 1.5 together. */
const runOn = (times: Readonly<Record<string, readonly number[]>>, together = 1.5) => {
  const left = new Map(Object.entries(times).map(([key, all]) => [key, [...all]]))
  asked.length = 0
  return async ({ workers, maxBatch, batchDelayMs }: ServingSetup, { rates, seconds, seed }: Partial<LoadOptions>) => {
    const key = `${workers}b${maxBatch}${batchDelayMs === 0 ? '' : 'd'}${seconds === undefined ? '' : ' low'}`
    asked.push(`${key} ${rates![0]} seed ${seed}`)
    const ms = left.get(key)!.shift()!
    const point = {
      ...{ saturated: ms > 100, errors: 0, p99Ms: ms, meanMs: ms, intervals: { meanMs: { low: 0.95 * ms, high: 1.05 * ms } } },
      server: { meanTogether: maxBatch === 1 ? 1 : together },
    }
    return { points: [point] } as unknown as LoadDocument
  }
}
const SLO = 'p99<20ms'

test('the highest rate, where no other is near, is not asked again', async () => {
  const { best, rows } = await chooseServing(SLO, [row(1, 1, 80), row(2, 1, 100), row(2, 1, null)], runOn({}))
  expect([best, asked, rows.map(({ why }) => why)]).toEqual([1, [], [null, null, null]])
  expect((await chooseServing(SLO, [row(1, 1, null)], runOn({}))).best).toBe(null)
})

test('of two that are near the one that does better in turns, with the same arrivals', async () => {
  const times = { '2b1': [15, 16], '1b1': [12, 13] }
  const { best, rows } = await chooseServing(SLO, [row(2, 1, 100), row(1, 1, 95)], runOn(times))
  expect(asked).toEqual(['2b1 100 seed 1001', '1b1 100 seed 1001', '2b1 100 seed 1002', '1b1 100 seed 1002'])
  expect([best, rows.map(({ why }) => why)]).toEqual([
    1,
    ['asked in turns at that rate, the one that is served does as well', null],
  ])
  const saturated = { '2b1': [15, 16], '1b1': [500, 500] }
  expect((await chooseServing(SLO, [row(2, 1, 100), row(1, 1, 95)], runOn(saturated))).best).toBe(0)
})

test('of two that do equally well the one that joins nothing, and with fewer workers', async () => {
  const mixed = { '2b8': [15, 12], '2b1': [14, 13], '2b8 low': [5, 5], '2b1 low': [5] }
  expect((await chooseServing(SLO, [row(2, 8, 100), row(2, 1, 95)], runOn(mixed))).best).toBe(1)
  expect((await chooseServing(SLO, [row(2, 1, 100), row(2, 8, 95)], runOn(mixed))).best).toBe(0)
  const workers = { '2b1': [15, 12], '1b1': [14, 13] }
  expect((await chooseServing(SLO, [row(2, 1, 100), row(1, 1, 95)], runOn(workers))).best).toBe(1)
})

test('one that joins requests is not taken where one by one is answered sooner at a fifth of its rate', async () => {
  const times = { '2b8 low': [6, 6.1], '2b1 low': [5] }
  const { best, rows } = await chooseServing(SLO, [row(2, 8, 100), row(2, 1, 60)], runOn(times))
  expect(asked).toEqual(['2b8 low 20 seed 1001', '2b1 low 20 seed 1001', '2b8 low 20 seed 1001'])
  expect([best, rows[0]!.why]).toEqual([1, 'at 20 requests/s answers come later than one by one'])
  // It is still better than none.
  expect((await chooseServing(SLO, [row(2, 8, 100), row(2, 1, null)], runOn(times))).best).toBe(0)
})

test('it is where it is as soon there, and is not compared where nothing was joined', async () => {
  const same = { '2b8 low': [5, 5.1], '2b1 low': [5] }
  expect((await chooseServing(SLO, [row(2, 8, 100), row(2, 1, 60)], runOn(same))).best).toBe(0)
  expect((await chooseServing(SLO, [row(2, 8, 100), row(2, 1, 60)], runOn({ '2b8 low': [6] }, 1))).best).toBe(0)
  expect(asked).toHaveLength(1)
  // A delay is waited even so.
  const delayed = { '2b8d low': [6, 6], '2b1 low': [5] }
  expect((await chooseServing(SLO, [row(2, 8, 100, 4), row(2, 1, 60)], runOn(delayed, 1))).best).toBe(1)
})
