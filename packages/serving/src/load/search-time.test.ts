import { describe, expect, test } from 'vitest'
import { type Objective, parseObjective } from './objective.ts'
import type { SearchRun } from './rate-runs.ts'
import { type SearchPlan, searchRate } from './search.ts'

type Searched = Omit<SearchPlan, 'firstSeed' | 'startAt'>
const searchFrom = (objective: Objective, searched: Searched, firstSeed: number, startAt: number | null) =>
  searchRate(objective, { ...searched, firstSeed, startAt })

const all = (ms: number) => ({ latencies: new Float64Array(1000).fill(ms), saturated: false, limited: false })

describe('time that is used up', () => {
  /** So many runs fit; the objective holds below 100 a second. */
  const within = (most: number, run: SearchRun, start: { readonly isNear?: boolean } = {}): Searched => {
    let made = 0
    return {
      secondsAt: () => 10,
      run: (...asked) => {
        if (asked[0] !== null) made++
        return run(...asked)
      },
      hasTimeFor: (_, runs) => made + runs <= most,
      ...start,
    }
  }
  const below = async (rate: number | null) => all(rate !== null && rate >= 100 ? 30 : 1)
  const searched = (most: number, run: SearchRun = below) => searchFrom(parseObjective('p99<20ms'), within(most, run), 1, 60)

  test('keeps the bracket wide, and five runs for what held', async () => {
    const { found, search } = await searched(8)
    expect(search.runs.map(({ stage, ratePerSecond, held }) => `${stage} ${Math.round(ratePerSecond ?? 0)} ${held}`)).toEqual([
      ...['alone 0 true', 'bracket 60 true', 'bracket 90 true', 'bracket 180 false'],
      ...new Array(5).fill('confirm 90 true'),
    ])
    expect(found).toMatchObject({ confirmed: 5, high: expect.closeTo(180 * 1.05, 6) })
    expect(found!.atLeast).toBe(undefined)
    expect(search.ended).toBe(
      'the time was used up with 5 of 5 confirming runs, before the rate above was known; give more (--budget)',
    )
  })

  test('is told with the runs that confirm, which may be none', async () => {
    const fails = (k: number): SearchRun => {
      let confirming = 0
      return async (rate, _, stage) => all(rate! >= 100 || (stage === 'confirm' && ++confirming === k) ? 30 : 1)
    }
    const some = await searched(10, fails(3))
    expect(some.found).toMatchObject({ confirmed: 2 })
    expect(some.search.ended).toBe('the time was used up with 2 of 5 confirming runs; give more (--budget)')
    const none = await searched(8, fails(5))
    expect([none.found!.confirmed, none.found!.ratePerSecond]).toEqual([0, 60])
    expect(none.search.ended).toMatch(/^the time was used up with 0 of 5/)
    expect((await searched(0)).found).toBe(null)
  })

  test('at a rate too low for the percentile, longer runs and more time are named at once', async () => {
    // A p99 takes 331 requests a run: at 0.5 a second 662 s, and 15 times that, 165.5 minutes, for the search.
    const slow: Searched = { ...within(0, async () => all(1)), secondsAt: () => 10 }
    const { search } = await searchFrom(parseObjective('p99<20s'), slow, 1, 0.5)
    expect(search.ended).toMatch(/; at a rate that low, give longer runs and more time \(--duration 662 --budget 166m\)$/)
  })

  test('begins with confirming where the rate is known', async () => {
    const near = await searchFrom(parseObjective('p99<20ms'), within(99, below, { isNear: true }), 1, 98)
    expect(near.search.runs.every(({ stage }) => stage === 'confirm' || stage === 'above')).toBe(true)
    expect([near.found!.ratePerSecond, near.found!.confirmed, near.search.ended]).toEqual([98, 5, 'confirmed'])
    const cut = await searchFrom(parseObjective('p99<20ms'), within(0, below, { isNear: true }), 1, 98)
    expect([cut.found, cut.search.runs]).toEqual([null, []])
  })

  test('of the bracket and with no rate that failed: the server does at least what held', async () => {
    const { found, search } = await searched(12, async () => all(1))
    expect(found).toMatchObject({ ratePerSecond: 2880, confirmed: 5, atLeast: true })
    expect([search.above, search.ended]).toEqual([null, expect.stringMatching(/5 of 5 .*, before the rate above was known/)])
  })

  /** The k-th run, of those at rates, fails from here on, or in just that. */
  const failing = (fails: (k: number) => boolean): SearchRun => {
    let made = 0
    return async (rate) => all(rate !== null && (fails(++made) || rate >= 100) ? 30 : 1)
  }

  test('publishes no rate above one that failed, but what held in most runs below it', async () => {
    // The third run of the candidate fails; there is time for four runs below.
    const run = failing((k) => k === 3)
    const { found, search } = await searchFrom(parseObjective('p99<20ms'), within(7, run, { isNear: true }), 1, 90)
    expect(search.runs.map(({ stage, held }) => `${stage} ${held}`)).toEqual([
      ...['confirm true', 'confirm true', 'confirm false'],
      ...new Array(4).fill('confirm true'),
    ])
    expect(found).toMatchObject({ ratePerSecond: expect.closeTo(90 / 1.05, 6), confirmed: 4 })
    expect(search.above).toMatchObject({ ratePerSecond: 90, runs: 3, held: 2 })
  })

  test('publishes no rate of the bisection above one that failed', async () => {
    // The bisection says 90; of the confirming runs there and below all fail.
    const run = failing((k) => k > 4)
    const { found, search } = await searched(10, run)
    const confirming = search.runs.filter(({ stage }) => stage === 'confirm')
    expect(confirming.every(({ held }) => !held)).toBe(true)
    const lowest = Math.min(...confirming.map(({ ratePerSecond }) => ratePerSecond!))
    expect(found?.ratePerSecond ?? 0).toBeLessThan(lowest)
    expect(found?.confirmed ?? 0).toBe(0)
  })

  const late = { ...all(30), limited: true }

  test('takes a run in which the generator was late for none that failed', async () => {
    const { found } = await searchFrom(
      parseObjective('p99<20ms'),
      within(7, async (rate, _, stage) => (rate! >= 100 || stage === 'confirm' ? late : all(1))),
      1,
      90,
    )
    expect(found).toMatchObject({ ratePerSecond: 90, confirmed: 0, atLeast: true })
  })

  test('is asked before a run is made again: where the generator was late, and of one request after another', async () => {
    const { search } = await searchFrom(
      parseObjective('p99<20ms'),
      within(1, async () => late, { isNear: true }),
      1,
      98,
    )
    expect(search.runs).toHaveLength(1)
    const disturbed: SearchRun = async () => ({
      ...all(1),
      latencies: Float64Array.from({ length: 300 }, (_, k) => (k < 9 ? 30 : 1)),
    })
    expect((await searched(0, disturbed)).search.runs).toHaveLength(1)
    expect((await searched(99, disturbed)).search.runs).toHaveLength(3)
  })

  test('is not spent on a rate that has too few requests to be confirmed', async () => {
    const { found, search } = await searchFrom(parseObjective('p99<20ms'), within(99, below, { isNear: true }), 1, 10)
    expect([found, search.runs, search.ended]).toEqual([null, [], expect.stringMatching(/^the rate is too low for a p99 /)])
  })
})
