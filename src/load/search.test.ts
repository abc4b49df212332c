import { expect, test } from 'vitest'
import { exampleRun } from './example-queue.ts'
import { parseObjective } from './objective.ts'
import { latenciesOf, pointOf } from './point.ts'
import { type SearchRun, searchRate } from './search.ts'

/** A queue with exponential service of 10 ms. */
const queue =
  (measuredMs = 40_000): SearchRun =>
  async (rate, seed) => {
    if (rate === null) return { latencies: Float64Array.from({ length: 300 }, (_, k) => 10 + k / 100), saturated: false }
    const run = exampleRun({ utilisation: Math.min(2, rate / 100), seed: seed + 50, measuredMs })
    return { latencies: latenciesOf(run), saturated: pointOf(run).saturated }
  }

// M/M/1: p99 = 4.605·S/(1-ρ) < 120 ms where ρ < 0.616.
test('finds the rate of a queue that is known, and confirms it in turns with the one above', async () => {
  const { found, search } = await searchRate(parseObjective('p99<120ms'), queue(), 1, null)
  expect(found!.ratePerSecond).toBeGreaterThan(61.6 * 0.93)
  expect(found!.ratePerSecond).toBeLessThan(61.6 * 1.07)
  expect(found!.low).toBeLessThanOrEqual(found!.ratePerSecond)
  expect(found!.high).toBeGreaterThanOrEqual(found!.ratePerSecond)
  expect(search.above!.ratePerSecond).toBeCloseTo(found!.ratePerSecond * 1.05, 6)
  expect(search.ended).toBe('confirmed')
  const confirming = search.runs.filter(
    ({ stage, ratePerSecond }) => stage === 'confirm' && ratePerSecond === found!.ratePerSecond,
  )
  const seeds = search.runs.filter(({ stage }) => stage === 'confirm').map(({ seed }) => seed)
  expect(new Set(seeds).size).toBe(seeds.length)
  expect(found!.confirmed).toBeLessThanOrEqual(5)
  expect(confirming.length).toBeLessThanOrEqual(5)
})

test('starts above as well as below', async () => {
  const { found } = await searchRate(parseObjective('p99<120ms'), queue(), 1, 700)
  expect(found!.ratePerSecond).toBeGreaterThan(56)
  expect(found!.ratePerSecond).toBeLessThan(67)
})

test('an objective that no request meets has no rate', async () => {
  const { found, search } = await searchRate(parseObjective('p99<5ms'), queue(), 1, null)
  expect(found).toBe(null)
  expect(search.ended).toMatch(/not even hold for one request after another/)
  expect(search.runs.length).toBe(1)
})

test('runs that contradict each other end without a rate', async () => {
  // The higher the rate, the better: no rate holds while the one above fails.
  const odd: SearchRun = async (rate, seed) => ({
    latencies: new Float64Array(1000).fill(rate === null || seed % 2 === 0 ? 1 : 1000),
    saturated: false,
  })
  const { found, search } = await searchRate(parseObjective('p50<20ms'), odd, 2, 10)
  expect(search.runs.length).toBeLessThan(200)
  if (found !== null) expect(found.confirmed).toBeLessThanOrEqual(5)
})
