// On a scripted clock: samples are what it says, and runs are as many as plan and time ask for.
import { describe, expect, test } from 'vitest'
import { scriptedClock } from '../../test/support/engines/example-clock.ts'
import { type SamplerPlan, takeSamples, timeEachRun } from './sampler.ts'

const PLAN: SamplerPlan = { sampleMs: 0, least: { warmup: 2, samples: 3 }, warmupMs: 0 }

/** Predictions that take what `ms` says of the k-th, warm-up included. */
function sampled(ms: (k: number) => number, plan: Partial<SamplerPlan> | ((elapsedMs: () => number) => Partial<SamplerPlan>)) {
  const clock = scriptedClock()
  let runs = 0
  const run = timeEachRun([async () => clock.pass(ms(runs++))], clock.now)
  const start = clock.now()
  const asked = typeof plan === 'function' ? plan(() => clock.now() - start) : plan
  return takeSamples(run, { ...PLAN, ...asked }, clock.now)
}

test('prepared predictions take turns, and each time is what the clock says', async () => {
  const clock = scriptedClock()
  const order: string[] = []
  const named = (name: string, ms: number) => async () => {
    order.push(name)
    clock.pass(ms)
  }
  const run = timeEachRun([named('a', 5), named('b', 7)], clock.now)
  expect([await run(0), await run(1), await run(2)]).toEqual([5, 7, 5])
  expect(order).toEqual(['a', 'b', 'a'])
})

describe('warm-up', () => {
  test('makes its least runs where time is up before', async () => {
    expect(await sampled((k) => k + 1, {})).toEqual({
      warmupMs: 1 + 2,
      warmupRuns: 2,
      samplesMs: [3, 4, 5],
      wallMs: 3 + 4 + 5,
    })
  })

  test('goes on for its time', async () => {
    // 3 ms each: the fourth ends at 12, the first end at or after 10.
    expect(await sampled(() => 3, { warmupMs: 10 })).toMatchObject({ warmupRuns: 4, warmupMs: 12 })
    expect(await sampled(() => 5, { warmupMs: 10 })).toMatchObject({ warmupRuns: 2, warmupMs: 10 })
  })

  test('its first run tells a slow model, of which less is asked', async () => {
    const plan = { least: { warmup: 5, samples: 10 }, slow: { fromMs: 250, least: { warmup: 2, samples: 4 } } }
    expect(await sampled(() => 250, plan)).toMatchObject({ warmupRuns: 2, samplesMs: Array(4).fill(250) })
    expect(await sampled(() => 249, plan)).toMatchObject({ warmupRuns: 5, samplesMs: Array(10).fill(249) })
    // Only the first: a hiccup later is none.
    expect(await sampled((k) => (k === 1 ? 300 : 1), plan)).toMatchObject({ warmupRuns: 5 })
  })
})

describe('sampling', () => {
  test('goes on for its time, warm-up apart', async () => {
    // 4 ms each: 8 of warm-up, then samples that begin before 10 ms of their own are over.
    expect(await sampled(() => 4, { sampleMs: 10 })).toMatchObject({ warmupMs: 8, samplesMs: [4, 4, 4], wallMs: 12 })
    expect(await sampled(() => 1, { sampleMs: 10 })).toMatchObject({ samplesMs: Array(10).fill(1), wallMs: 10 })
  })

  test('takes no more than the most, whatever the time says', async () => {
    const { samplesMs } = await sampled(() => 1, { sampleMs: 1000, maxSamples: 7 })
    expect(samplesMs).toHaveLength(7)
  })

  test('is asked from 256 samples on, at each doubling, whether they are enough', async () => {
    const asked: [number, number][] = []
    const isEnough = (samplesMs: readonly number[], wallMs: number) => asked.push([samplesMs.length, wallMs]) === 3
    const { samplesMs } = await sampled(() => 2, { sampleMs: 1e6, isEnough })
    expect(asked).toEqual([
      [256, 512],
      [512, 1024],
      [1024, 2048],
    ])
    expect(samplesMs).toHaveLength(1024)
  })
})

describe('a late trial', () => {
  test('warms up once and takes three samples', async () => {
    expect(await sampled(() => 100, { least: { warmup: 5, samples: 10 }, isLate: () => true })).toMatchObject({
      warmupRuns: 1,
      samplesMs: [100, 100, 100],
    })
  })

  test('that needs no warm-up makes none', async () => {
    expect(await sampled(() => 100, { least: { warmup: 0, samples: 10 }, isLate: () => true })).toMatchObject({ warmupRuns: 0 })
  })

  test('stops as it gets late', async () => {
    // 10 ms each: two warm up, and at 60 ms four samples are there.
    const found = await sampled(
      () => 10,
      (elapsedMs) => ({ least: { warmup: 2, samples: 50 }, isLate: () => elapsedMs() >= 60 }),
    )
    expect(found).toMatchObject({ warmupRuns: 2, samplesMs: [10, 10, 10, 10] })
  })
})
