import { describe, expect, test } from 'vitest'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { type Objective, parseObjective } from './objective.ts'
import { latenciesOf, pointOf } from './point.ts'
import type { SearchRun } from './rate-runs.ts'
import { type SearchPlan, searchRate } from './search.ts'

type Searched = Omit<SearchPlan, 'firstSeed' | 'startAt'>
const searchFrom = (objective: Objective, searched: Searched, firstSeed: number, startAt: number | null) =>
  searchRate(objective, { ...searched, firstSeed, startAt })

const all = (ms: number, requests = 1000) => ({
  latencies: new Float64Array(requests).fill(ms),
  saturated: false,
  limited: false,
})

/** A queue with exponential service of 10 ms. */
const queue = (measuredMs = 40_000): Searched => ({
  secondsAt: () => measuredMs / 1000,
  run: async (rate, seed) => {
    if (rate === null) return { ...all(0), latencies: Float64Array.from({ length: 300 }, (_, k) => 10 + k / 100) }
    const run = exampleRun({ utilisation: Math.min(2, rate / 100), seed: seed + 50, measuredMs })
    return { latencies: latenciesOf(run), saturated: pointOf(run).saturated, limited: false }
  },
})
const scripted = (run: SearchRun, secondsAt = () => 10): Searched => ({ run, secondsAt })

// M/M/1: p99 = 4.605·S/(1-ρ) < 120 ms where ρ < 0.616. What holds five times is a little below.
test('finds the rate of a queue that is known, confirms it in five runs, and says what fails above', async () => {
  const { found, search } = await searchFrom(parseObjective('p99<120ms'), queue(160_000), 1, null)
  expect(found!.ratePerSecond).toBeGreaterThan(61.6 * 0.93)
  expect(found!.ratePerSecond).toBeLessThan(61.6 * 1.03)
  expect(found!.low).toBeLessThanOrEqual(found!.ratePerSecond)
  expect(found!.high).toBeGreaterThanOrEqual(found!.ratePerSecond)
  expect(search.above!.ratePerSecond / found!.ratePerSecond).toBeLessThanOrEqual(1.05 + 1e-9)
  expect(search.ended).toBe('confirmed')
  const shared = (one: number) => search.runs.filter(({ ratePerSecond }) => Math.abs(ratePerSecond! / one - 1) < 1e-9)
  const confirming = shared(found!.ratePerSecond).filter(({ stage }) => stage === 'confirm' || stage === 'above')
  expect([found!.confirmed, confirming.length]).toEqual([5, 5])
  expect(new Set(confirming.map(({ seed }) => seed)).size).toBe(5)
  expect(search.above!.held).toBeLessThan(search.above!.runs)
})

test('starts above as well as below', async () => {
  const { found } = await searchFrom(parseObjective('p99<120ms'), queue(), 1, 700)
  expect(found!.ratePerSecond).toBeGreaterThan(50)
  expect(found!.ratePerSecond).toBeLessThan(67)
})

describe('what is confirmed', () => {
  /** Holds below 100 a second; between 90 and 100 every fourth run does not. */
  const flaky = () => {
    let confirming = 0
    return scripted(async (rate, _, stage) => {
      const late =
        rate !== null && (rate >= 100 || (rate >= 90 && (stage === 'confirm' || stage === 'above') && ++confirming % 4 === 0))
      return all(late ? 30 : 1)
    })
  }

  test('held in five runs: if one misses by far, the candidate goes down a step', async () => {
    const { found, search } = await searchFrom(parseObjective('p99<20ms'), flaky(), 1, 10)
    expect(found!.ratePerSecond).toBeLessThan(90)
    expect(found!.ratePerSecond).toBeGreaterThan(90 / 1.05)
    expect([found!.confirmed, search.confirmingRuns]).toEqual([5, 5])
    expect(search.above!.held).toBe(search.above!.runs - 1)
  })

  test('held in five runs together: one that misses by less than it is sure of is one of them', async () => {
    // At each rate 12 of 1000 requests of the first confirming run are over, a little more than may be; in the five runs 12 of 5000.
    const seen = new Set<number | null>()
    const close = scripted(async (rate, _, stage) => {
      const sample = all(rate !== null && rate >= 100 ? 30 : 1)
      if (stage === 'confirm' && !seen.has(rate)) for (let k = 0; k < 12; k++) sample.latencies[k * 83] = 30
      if (stage === 'confirm') seen.add(rate)
      return sample
    })
    const { found, search } = await searchFrom(parseObjective('p99<20ms'), close, 1, 50)
    expect(found).toMatchObject({ ratePerSecond: expect.closeTo(98.33, 2), confirmed: 5 })
    expect(search.runs.find(({ stage }) => stage === 'confirm')).toMatchObject({ requests: 1000, over: 12, held: false })
  })

  test('fails if the five runs together miss it, though most of them held', async () => {
    // Of each run at 90 and more 9 of 1000 are over, of every third 20: together they miss by little.
    let runs = 0
    const close = scripted(async (rate) => {
      const sample = all(rate !== null && rate >= 100 ? 30 : 1)
      const over = rate === null || rate < 90 ? 0 : ++runs % 3 === 0 ? 20 : 9
      for (let k = 0; k < over; k++) sample.latencies[k * 49] = 30
      return sample
    })
    const { found } = await searchFrom(parseObjective('p99<20ms'), close, 1, 50)
    expect(found!.ratePerSecond).toBeLessThan(90)
    expect(found!.ratePerSecond).toBeGreaterThan(90 / 1.05)
  })

  test('goes up if the rate above holds, too', async () => {
    // A run of the bisection fails by chance.
    let bisecting = 0
    const { found } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate, _, stage) => all(rate! >= 100 || (stage === 'bisect' && ++bisecting === 2) ? 30 : 1)),
      1,
      50,
    )
    expect(found!.ratePerSecond).toBeLessThan(100)
    expect(found!.ratePerSecond).toBeGreaterThan(95)
  })

  test('climbs by longer steps if the bisection ended far below', async () => {
    // Every run of the bisection fails.
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate, _, stage) => all(rate! >= 99 || stage === 'bisect' ? 30 : 1)),
      1,
      50,
    )
    expect(found!.ratePerSecond).toBeLessThan(99)
    expect(found!.ratePerSecond).toBeGreaterThan(99 / 1.05)
    expect([found!.confirmed, found!.atLeast, search.ended]).toEqual([5, undefined, 'confirmed'])
    expect(search.above!.ratePerSecond / found!.ratePerSecond).toBeLessThanOrEqual(1.05 + 1e-9)
    expect(search.runs.filter(({ stage }) => stage === 'confirm' || stage === 'above').length).toBeLessThan(40)
  })

  test('is what the server does at least where the rates that were tried all held', async () => {
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async () => all(1)),
      1,
      1,
    )
    expect(found).toMatchObject({ ratePerSecond: 1.5 * 2 ** 18, confirmed: 5, atLeast: true })
    expect([search.above, search.ended, search.longerSeconds]).toEqual([
      null,
      expect.stringMatching(/still held at 393216 .* the most that was tried$/),
      undefined,
    ])
  })

  test('has half the requests of LoadGen’s rule in each run, and more in five', async () => {
    const short = scripted(
      async (rate) => all(rate! >= 100 ? 30 : 1),
      () => 3,
    )
    const p99 = await searchFrom(parseObjective('p99<20ms'), short, 1, 40)
    expect([p99.found, p99.search.ended]).toEqual([
      null,
      expect.stringMatching(/^the rate is too low for a p99 .* it takes 331 requests a run/),
    ])
    const p90 = await searchFrom(parseObjective('p90<20ms'), short, 1, 40)
    expect(p90.found!.confirmed).toBe(5)
  })

  test('a rate that gives too few in the time is said before any run confirms', async () => {
    const slow = scripted(
      async (rate) => all(rate! >= 0.15 ? 20_000 : 6000, rate === null ? 8 : 20),
      () => 300,
    )
    const { found, search } = await searchFrom(parseObjective('p99<10s'), slow, 1, null)
    expect(found).toBe(null)
    expect(search.ended).toMatch(/are \d+ in 300 s$/)
    expect(search.longerSeconds).toBeGreaterThan(300)
    expect(search.runs.every(({ stage }) => stage === 'alone' || stage === 'bracket')).toBe(true)
    const p50 = await searchFrom(parseObjective('p50<10s'), slow, 1, null)
    expect(p50.found!.ratePerSecond).toBeLessThan(0.15)
  })
})

describe('a generator that is late', () => {
  const late = { ...all(30), limited: true }

  test('ends the search, whatever the latencies say: the server does at least what held, five times', async () => {
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate) => (rate! > 5000 ? late : all(1))),
      1,
      1000,
    )
    expect(found).toMatchObject({ ratePerSecond: 3000, high: 6000, confirmed: 5, atLeast: true })
    expect(search.above).toBe(null)
    expect(search.ended).toBe(
      'the generator ended the search: it did not keep to its schedule at 6000 requests/s, and the objective still held at 3000',
    )
    expect(search.runs.filter(({ generatorLate }) => generatorLate).map(({ held, valueMs }) => [held, valueMs])).toEqual(
      new Array(3).fill([false, null]),
    )
  })

  test('while the bracket is halved: what held is confirmed, and what fails is its bound', async () => {
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate) => (rate! >= 5900 ? all(30) : rate! > 5000 ? late : all(1))),
      1,
      1000,
    )
    expect(found).toMatchObject({ ratePerSecond: expect.closeTo(4677.5, 1), confirmed: 5, atLeast: true })
    expect(search.ended).toMatch(/at 5[0-9]+ requests\/s, and the objective still held at 4678$/)
  })

  test('at the rate that is confirmed: the one below it is', async () => {
    const { found } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate, _, stage) => (rate! >= 99 ? all(30) : rate! > 96 && /confirm|above/.test(stage) ? late : all(1))),
      1,
      10,
    )
    expect(found!.ratePerSecond).toBeLessThan(96)
    expect(found!.ratePerSecond).toBeGreaterThan(96 / 1.05)
    expect([found!.confirmed, found!.atLeast]).toEqual([5, true])
    const never = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate, _, stage) => (rate! >= 100 ? all(30) : stage === 'confirm' ? late : all(1))),
      1,
      10,
    )
    expect([never.found, never.search.ended]).toEqual([null, expect.stringMatching(/^the generator ended the search/)])
    expect(never.search.undecided).toBe(true)
  })

  test('above a rate that fails one of its runs: the one below is confirmed as ever', async () => {
    let runs = 0
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(async (rate, _, stage) =>
        rate! > 5000 ? late : all(rate === 3000 && stage === 'confirm' && ++runs === 3 ? 30 : 1),
      ),
      1,
      1000,
    )
    expect(found!.ratePerSecond).toBeCloseTo(3000 / 1.05, 6)
    expect([found!.confirmed, found!.atLeast, search.ended]).toEqual([5, undefined, 'confirmed'])
    expect(search.above).toEqual({ ratePerSecond: expect.closeTo(3000, 6), runs: 3, held: 2 })
  })

  test('now and then is made up for by another run', async () => {
    let runs = 0
    const now = async (rate: number | null) => (++runs % 3 === 0 ? late : all(rate! >= 100 ? 30 : 1))
    const { found } = await searchFrom(parseObjective('p99<20ms'), scripted(now), 1, 10)
    expect(found!.ratePerSecond).toBeGreaterThan(95)
    expect(found!.ratePerSecond).toBeLessThan(100)
    expect(found!.high).toBeLessThan(106)
  })

  test('at the first rate: lower ones are tried', async () => {
    const { found, search } = await searchFrom(
      parseObjective('p99<20ms'),
      scripted(
        async (rate) => (rate! > 5000 ? late : all(rate! >= 100 ? 30 : 1)),
        () => 20,
      ),
      1,
      8000,
    )
    expect(search.ended).toBe('confirmed')
    expect(found!.ratePerSecond).toBeGreaterThan(95)
  })
})

test('an objective that no request meets has no rate', async () => {
  const { found, search } = await searchFrom(parseObjective('p99<5ms'), queue(), 1, null)
  expect(found).toBe(null)
  expect(search.ended).toMatch(/not even hold for one request after another/)
  expect(search.undecided).toBeUndefined()
  expect(search.runs.length).toBe(1)
})

describe('one request after another', () => {
  /** The p99 of the first runs of it is over the bound, of later ones below. */
  const disturbed = (times: number, requests: number) => {
    let runs = 0
    return scripted(async (rate) => {
      const sample = all(rate !== null && rate >= 100 ? 30 : 1, rate === null ? requests : 1000)
      if (rate === null && ++runs <= times) sample.latencies.fill(30, 0, Math.ceil(requests / 20))
      return sample
    })
  }
  const alone = ({ search }: Awaited<ReturnType<typeof searchRate>>) =>
    search.runs.filter(({ stage }) => stage === 'alone').length

  test('that misses once, or of few requests, ends nothing', async () => {
    const once = await searchFrom(parseObjective('p99<20ms'), disturbed(2, 3000), 1, 40)
    expect([once.search.ended, alone(once)]).toEqual(['confirmed', 3])
    const few = await searchFrom(parseObjective('p99<20ms'), disturbed(3, 200), 1, 10)
    expect([few.search.ended, alone(few)]).toEqual(['confirmed', 3])
  })

  test('that misses three times with as many requests as it takes does', async () => {
    const always = await searchFrom(parseObjective('p99<20ms'), disturbed(3, 300), 1, null)
    expect([always.found, alone(always), always.search.runs.length]).toEqual([null, 3, 3])
    expect(always.search.ended).toMatch(/not even hold for one request after another/)
  })
})

test('lower rates are tried as long as they have the requests that it takes', async () => {
  const { search } = await searchFrom(
    parseObjective('p99<20ms'),
    scripted(async (rate) => all(rate === null ? 1 : 30)),
    1,
    1000,
  )
  expect(search.runs.map(({ ratePerSecond: rate }) => rate && Math.round(rate))).toEqual([null, ...[1000, 667, 333, 167, 83, 42]])
  expect(search).toMatchObject({ ended: expect.stringMatching(/20.8 requests\/s are 208 in 10 s$/), longerSeconds: 16 })
})

test('a run that is too short to say whether the server keeps up holds nothing', async () => {
  const { found, search } = await searchFrom(
    parseObjective('p99<20ms'),
    scripted(async (rate) => ({ ...all(1), isUnclear: rate! > 90 })),
    1,
    10,
  )
  expect(found!.ratePerSecond).toBeLessThan(90)
  expect(found!.ratePerSecond).toBeGreaterThan(80)
  const above = search.runs.find(({ stage, ratePerSecond }) => stage === 'above' && ratePerSecond! > 90)
  expect(above).toMatchObject({ requests: 1000, held: false, saturated: false })
})

test('a server that answers nothing in the time is not said to miss the objective', async () => {
  const { found, search } = await searchFrom(
    parseObjective('p99<5ms'),
    scripted(async () => all(1, 0)),
    1,
    null,
  )
  expect([found, search.ended]).toEqual([null, 'not one request was answered while one was asked after another'])
})

test('runs that contradict each other end without a rate', async () => {
  const odd: SearchRun = async (_, __, stage) => all(stage === 'confirm' ? 1000 : 1)
  const { found, search } = await searchFrom(parseObjective('p50<20ms'), scripted(odd), 2, 10)
  expect(search.runs.length).toBeLessThan(200)
  expect(found).toBe(null)
})

test('a server whose few answers are all bad is asked at a rate that follows from the bound', async () => {
  // One after another, too few come in the time for it to be called hopeless.
  const bad = scripted(async (rate) => all(Number.POSITIVE_INFINITY, rate === null ? 1 : 1000))
  const { search } = await searchFrom(parseObjective('p99<20ms'), bad, 1, null)
  const first = search.runs.find(({ stage }) => stage !== 'alone')!
  expect(first.ratePerSecond).toBe(25)
})
