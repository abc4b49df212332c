import { expect, test } from 'vitest'
import { parseObjective } from './objective.ts'
import { type RoughStart, roughRate } from './rough.ts'

const P99 = parseObjective('p99<20ms')
/** Holds up to a rate; a little late up to `doubtful`. */
const rough = async (most: number, start: Partial<RoughStart>, { doubtful = most, runs = 99, late = 1e9 } = {}) => {
  let made = 0
  const found = await roughRate(
    P99,
    {
      run: async (rate) => {
        made++
        const ms = rate! <= most ? 10 : rate! <= doubtful ? 21 : 200
        return { latencies: new Float64Array(1000).fill(ms), saturated: false, limited: rate! >= late }
      },
      hasTimeFor: () => made < runs,
    },
    { firstSeed: 1, startAt: 100, isLeast: false, ...start },
  )
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

test('what does not hold the least rate costs one run, or two where the first is not clear', async () => {
  expect(await rough(90, { isLeast: true })).toMatchObject({ low: null, high: 100, asked: [100] })
  expect(await rough(90, { isLeast: true }, { doubtful: 110 })).toMatchObject({ low: null, asked: [100, 100] })
  expect((await rough(130, { isLeast: true })).low).toBeGreaterThan(120)
})

test('no time for another run, or a generator that is late, ends it with what held', async () => {
  expect(await rough(130, {}, { runs: 2 })).toMatchObject({ low: 120, high: null, asked: [100, 120] })
  expect(await rough(130, {}, { runs: 0 })).toMatchObject({ low: null, high: null, asked: [] })
  expect(await rough(1e6, {}, { late: 150 })).toMatchObject({ low: 120, high: null })
})

test('a generator that is late at the first rate is asked for lower ones, and named', async () => {
  const half = await rough(1e6, {}, { late: 60 })
  expect(half).toMatchObject({ low: 50, high: null, late: expect.closeTo(63.2, 1) })
  expect([...new Set(half.asked)]).toEqual([100, 80, 50, 63])
  const fails = await rough(40, {}, { late: 60 })
  expect(fails.low).toBeLessThanOrEqual(40)
  expect(fails.high).toBeGreaterThan(40)
  expect(await rough(1e6, {}, { late: 0 })).toMatchObject({ low: null, high: null, late: expect.closeTo(8, 5) })
  expect(await rough(1e6, { isLeast: true }, { late: 60 })).toMatchObject({ low: null, late: 100, asked: [100, 100, 100] })
  // Once more only where there is time.
  expect((await rough(1e6, {}, { late: 60, runs: 2 })).asked).toEqual([100, 100])
})

test('one that holds is not looked for below a twelfth', async () => {
  const { low, asked } = await rough(0, {})
  expect([low, asked]).toEqual([null, [100, 80, 50, 20, 8]])
})
