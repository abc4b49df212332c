import type { LoadSetup } from '@whyslow/report/documents/load.ts'
import { describe, expect, test } from 'vitest'
import { parseObjective } from '../../load/objective.ts'
import { type LookRequest, ratesOf } from './rough-look.ts'

interface Server {
  /** A second, from clients that wait for their answers; none before so many seconds. */
  readonly answers?: number
  readonly firstAfter?: number
  /** The highest rate that holds the objective. */
  readonly holds?: number
  /** From this rate on the generator is late. */
  readonly late?: number
  /** For its runs. */
  readonly seconds?: number
}

const made: string[] = []

/** Two workers, one row at a time; or requests to be joined, which does not pay. */
async function lookedAt(server: Server, asked: Partial<LookRequest> & { readonly isToJoin?: boolean } = {}) {
  const { answers = 1000, firstAfter = 0, holds = 500, late = Number.POSITIVE_INFINITY, seconds = 1000 } = server
  const { leastPerSecond = null, isToJoin = false } = asked
  made.length = 0
  let left = seconds
  const setup = { workers: 2, maxBatch: 1, queueLimit: 64, whyAlone: 'rows wait' } as unknown as LoadSetup
  const runs = {
    closed: async (length: number) => {
      made.push(`closed ${length} s`)
      left -= length
      return { achievedPerSecond: length < firstAfter ? 0 : answers }
    },
    rated: (secondsAt: (rate: number) => number) => async (rate: number | null) => {
      made.push(`${Math.round(rate!)} for ${Number(secondsAt(rate!).toFixed(1))} s`)
      left -= secondsAt(rate!)
      const latencies = new Float64Array(2000).fill(rate! <= holds ? 10 : 200)
      return { latencies, saturated: false, limited: rate! >= late }
    },
  }
  const hasSeconds = (needed: number) => left >= needed
  return ratesOf({ setup, objective: parseObjective('p99<20ms'), seed: 1, isToJoin }, runs, { leastPerSecond, hasSeconds })
}

test('what it answers at most, and a narrow bracket around what short runs hold, from near below that on', async () => {
  const { answersPerSecond, low, high, why } = await lookedAt({})
  expect([answersPerSecond, why]).toEqual([1000, null])
  expect(low).toBeLessThanOrEqual(500)
  expect(high).toBeGreaterThan(500)
  expect(high! / low!).toBeLessThan(1.1)
  expect(made.slice(0, 2)).toEqual(['closed 1.5 s', '800 for 2.5 s'])
})

test('runs are as long as the objective takes requests, within limits', async () => {
  await lookedAt({ answers: 125, holds: 1000 })
  expect(made[1]).toBe('100 for 3.3 s')
  await lookedAt({ answers: 50, holds: 1000 })
  expect(made[1]).toBe('40 for 6 s')
})

test('one that is to hold more than another is asked for just that', async () => {
  const better = await lookedAt({}, { leastPerSecond: 450 })
  expect(better.low).toBeGreaterThanOrEqual(450)
  expect(made[1]).toBe('450 for 2.5 s')
  expect(await lookedAt({}, { leastPerSecond: 700 })).toMatchObject({
    ...{ answersPerSecond: 1000, low: null, high: null, why: 'it does not hold 700 requests/s' },
  })
  expect(made).toEqual(['closed 1.5 s', '700 for 2.5 s'])
})

describe('no rate, and why', () => {
  const whyOf = async (...given: Parameters<typeof lookedAt>) => (await lookedAt(...given)).why

  test('requests that are not joined are not asked for: that was looked at', async () => {
    expect(await lookedAt({}, { isToJoin: true })).toMatchObject({
      ...{ answersPerSecond: null, why: 'requests are not joined: rows wait' },
    })
    expect(made).toEqual([])
  })

  test('nothing is answered', async () => {
    expect(await whyOf({ firstAfter: 99 })).toBe('no request was answered in 24 s')
  })

  test('it answers less than another set-up holds', async () => {
    expect(await whyOf({ answers: 100 }, { leastPerSecond: 200 })).toBe(
      'another set-up holds 200 requests/s, more than it answers',
    )
    expect(made).toEqual(['closed 1.5 s'])
  })

  test('it holds the objective nowhere', async () => {
    expect(await whyOf({ holds: 0 })).toBe('it holds p99<20ms at none of the rates that were tried')
  })

  test('the generator is late everywhere', async () => {
    expect(await whyOf({ late: 0 })).toMatch(/^not known: the generator was late at \d+ requests\/s$/)
  })

  test('there is no time for a run', async () => {
    expect(await whyOf({ seconds: 2 })).toBe('the time was used up; give more (--budget)')
  })
})
