import { expect, test } from 'vitest'
import { parseObjective } from './objective.ts'
import { type RoughPlan, roughRate } from './search.ts'

const P99 = parseObjective('p99<20ms')
/** Holds up to a rate; up to `doubtful` misses by less than a run of a thousand can tell. */
const rough = async (most: number, start: Partial<RoughPlan>, { doubtful = most, runs = 99, late = 1e9 } = {}) => {
  let made = 0
  const found = await roughRate(P99, {
    run: async (rate) => {
      made++
      const over = rate! <= most ? 0 : rate! <= doubtful ? 12 : 1000
      const latencies = Float64Array.from({ length: 1000 }, (_, k) => ((k * over) % 1000 < over ? 200 : 10))
      return { latencies, saturated: false, limited: rate! >= late }
    },
    hasTimeFor: () => made < runs,
    ...{ firstSeed: 1, startAt: 100, isLeast: false, ...start },
  })
  return { ...found, asked: found.runs.map(({ ratePerSecond }) => Math.round(ratePerSecond!)) }
}

test('a bracket of 6 % around the highest rate, from below and from above', async () => {
  for (const most of [30, 90, 130, 900]) {
    const { low, high, asked } = await rough(most, {})
    expect(low).toBeLessThanOrEqual(most)
    expect(high).toBeGreaterThan(most)
    expect(high! / low!).toBeLessThanOrEqual(1.06)
    expect(asked.length).toBeLessThan(13)
  }
  expect((await rough(130, {})).asked).toEqual([100, 120, 180, 147, 133, 126])
})

test('what does not hold the least rate costs one run, or two if the first is not sure', async () => {
  expect(await rough(90, { isLeast: true })).toMatchObject({ low: null, high: 100, asked: [100] })
  expect(await rough(90, { isLeast: true }, { doubtful: 110 })).toMatchObject({ low: null, asked: [100, 100] })
  expect((await rough(130, { isLeast: true })).low).toBeGreaterThan(120)
})

test('no time for another run, or a generator that is late, ends it with what held', async () => {
  expect(await rough(130, {}, { runs: 2 })).toMatchObject({ low: expect.closeTo(120, 6), high: null, asked: [100, 120] })
  expect(await rough(130, {}, { runs: 0 })).toMatchObject({ low: null, high: null, asked: [] })
  expect(await rough(1e6, {}, { late: 150 })).toMatchObject({ low: expect.closeTo(120, 6), high: null })
})

test('a generator that is late at the first rate is asked for lower ones, and named', async () => {
  const half = await rough(1e6, {}, { late: 60 })
  expect(half).toMatchObject({ low: expect.closeTo(55.6, 1), high: null, late: expect.closeTo(83.3, 1) })
  expect([...new Set(half.asked)]).toEqual([100, 83, 56])
  const fails = await rough(40, {}, { late: 60 })
  expect(fails.low).toBeLessThanOrEqual(40)
  expect(fails.high).toBeGreaterThan(40)
  expect(await rough(1e6, {}, { late: 0 })).toMatchObject({ low: null, high: null, late: expect.closeTo(13.9, 1) })
  expect(await rough(1e6, { isLeast: true }, { late: 60 })).toMatchObject({ low: null, late: 100, asked: [100, 100, 100] })
  // Once more only where there is time.
  expect((await rough(1e6, {}, { late: 60, runs: 2 })).asked).toEqual([100, 100])
})

test('one that holds is not looked for below a twelfth', async () => {
  const { low, asked } = await rough(0, {})
  expect([low, asked]).toEqual([null, [100, 83, 56, 28, 14]])
})
