// What a run has time for, over models of 10 µs to a minute a prediction.
import { describe, expect, test } from 'vitest'
import { type AskedTime, type PossibleMeasurements, planProfile, planRun, type RunPlan } from './run-plan.ts'

/** Two CPUs; a model with a free batch and a free size, and no more to try than usual. */
const EVERYTHING: PossibleMeasurements = {
  nodes: 100,
  onDevice: false,
  threads: {
    current: 2,
    points: [
      { at: 1, times: 2 },
      { at: 2, times: 1 },
    ],
  },
  batch: { current: 1, points: [1, 2, 4, 16].map((at) => ({ at, times: at })) },
  sizes: [{ current: 100, points: [50, 75, 100].map((at) => ({ at, times: 1 })) }],
  experiments: { standingOut: [], others: ['denormals'] },
}
const FULL: AskedTime = { quick: false, seconds: null }
const QUICK: AskedTime = { quick: true, seconds: null }

const planned = (
  predictionMs: number,
  asked = FULL,
  { loadMs = 50, ...possible }: Partial<PossibleMeasurements> & { loadMs?: number } = {},
) => planRun({ loadMs, predictionMs }, asked, { ...EVERYTHING, ...possible })

const GRID = [0.01, 0.1, 1, 5, 10, 20, 50, 100, 200, 345, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000]

/** Predictions' worth of time that a run takes, and in full that of ten loads of 50 ms. */
const budgetOf = ({ quick }: AskedTime, ms: number) => (quick ? Math.max(6000, 25 * ms) : Math.max(20_000, 60 * ms) + 500)

describe.each([
  ['in full', FULL],
  ['quick', QUICK],
])('over models of 10 µs to a minute, %s', (_, asked) => {
  test.each(GRID)('%d ms a prediction fit into their time, each with its profile', (ms) => {
    const plan = planned(ms, asked)
    expect(plan.budgetMs).toBe(budgetOf(asked, ms))
    expect(plan.plannedMs).toBeLessThanOrEqual(plan.budgetMs * (1 + 1e-9))
    expect(plan.profile!.rounds).toBeGreaterThanOrEqual(1)
    expect(plan.processes).toBe(asked.quick ? 3 : 5)
    expect(plan.experimentsMs).toBeLessThanOrEqual(plan.budgetMs / 4)
    expect(plan.experimentsMs).toBeGreaterThan(asked.quick ? 0 : plan.budgetMs / 10)
  })

  test.each(GRID)('%d ms: what is planned is what the parts take', (ms) => {
    const plan = planned(ms, asked)
    // Two processes, loading and the first look's predictions; the event loop is watched for 150 ms.
    const firstMs = 2 * 250 + 50 + Math.min(8, Math.ceil(500 / ms)) * ms + Math.ceil(150 / ms) * ms
    expect(plan.plannedMs).toBeCloseTo(firstMs + partsOf(plan), 5)
  })

  test('slower ones have no more processes, samples or rounds', () => {
    const rich = GRID.map((ms) => planned(ms, asked)).map(({ processes, profile }) => processes * profile!.rounds)
    expect(rich).toEqual([...rich].sort((a, b) => b - a))
  })
})

const partsOf = ({ processes, block, profile, experimentsMs, threads, batch, sizes, experiments }: RunPlan): number => {
  const sweeps = [threads, batch, ...sizes].reduce((sum, sweep) => sum + (sweep?.plannedMs ?? 0), 0)
  // Two pairs of two.
  const pairs = 4 * (experiments.denormals?.processMs ?? 0)
  return processes * block.plannedMs + (profile?.plannedMs ?? 0) + experimentsMs + sweeps + pairs
}

describe('a fast model', () => {
  test('is measured as richly as ever', () => {
    const { processes, block, profile } = planned(1)
    expect([processes, block.sampleMs, block.least]).toEqual([5, 500, { warmup: 5, samples: 10 }])
    expect(profile).toMatchObject({ sampleMs: 875, rounds: 6, least: { warmup: 5, samples: 6 } })
    const quick = planned(1, QUICK)
    expect([quick.processes, quick.block.sampleMs, quick.block.least]).toEqual([3, 300, { warmup: 5, samples: 10 }])
    expect(quick.profile).toMatchObject({ sampleMs: 400, rounds: 3, least: { warmup: 5, samples: 6 } })
  })

  test('has more time in full the longer it loads, up to five seconds', () => {
    const budgetMs = (loadMs: number, asked = FULL) => planned(1, asked, { loadMs }).budgetMs
    expect([0, 300, 500, 30_000].map((loadMs) => budgetMs(loadMs))).toEqual([20_000, 23_000, 25_000, 25_000])
    expect(budgetMs(300, QUICK)).toBe(6000)
  })

  test('has time for everything', () => {
    const { threads, batch, sizes, experiments, leftOut } = planned(1)
    expect(leftOut).toEqual({})
    expect(threads).toMatchObject({ points: [1, 2], rounds: 3 })
    expect(batch!.points).toEqual(expect.arrayContaining([1, 16]))
    expect(sizes[0]!.points).toContain(100)
    expect(experiments.denormals!.pairs).toBe(3)
  })

  test('that takes long to load has fewer processes, and at last one and its profile', () => {
    const slowly = (loadMs: number) => planned(1, FULL, { loadMs })
    expect([50, 500, 1500, 3000, 30_000].map((loadMs) => slowly(loadMs).processes)).toEqual([5, 5, 3, 2, 1])
    const { budgetMs, plannedMs, processes, profile, experimentsMs, threads, experiments, leftOut } = slowly(30_000)
    expect(plannedMs).toBeGreaterThan(budgetMs)
    expect({ processes, rounds: profile!.rounds, experimentsMs, threads, experiments }).toEqual({
      ...{ processes: 1, rounds: 1, experimentsMs: 0 },
      ...{ threads: null, experiments: {} },
    })
    expect(Object.keys(leftOut).sort()).toEqual(['batchSweep', 'experiments', 'sizeSweeps', 'threadSweep'])
  })
})

describe('a slow model', () => {
  test('of 5 s is predicted with a few times in each process, and profiled once between plain predictions', () => {
    expect(planned(5000, QUICK)).toMatchObject({
      block: { least: { warmup: 0, samples: 3 } },
      profile: { rounds: 1, least: { warmup: 1, samples: 1 } },
    })
  })

  test('says what it has no time for, and how much was missing', () => {
    const { leftOut } = planned(345)
    // Two pairs, two processes each, of loading, two predictions and 250 ms.
    expect(leftOut.experiments).toMatch(/^it takes 3\.96 s at least, and \d+ ms were left of the 21\.2 s of a run of this model$/)
    expect(leftOut.threadSweep).toBeUndefined()
  })

  test('has what stands out tried before other thread counts', () => {
    const { threads, experiments } = planned(345, FULL, { experiments: { standingOut: ['denormals'], others: [] } })
    expect(threads).toBeNull()
    expect(Object.keys(experiments)).toEqual(['denormals'])
  })
})

describe('--duration', () => {
  const asked = (seconds: number, quick = false): AskedTime => ({ seconds, quick })

  test('says how long is sampled, whatever the rest takes', () => {
    expect(planned(1, asked(10))).toMatchObject({
      processes: 5,
      block: { sampleMs: 2000 },
      profile: { sampleMs: 3500, rounds: 10 },
    })
    expect(planned(1, asked(0.5)).block.sampleMs).toBe(100)
    expect(planned(5000, asked(60))).toMatchObject({ processes: 5, block: { sampleMs: 12_000 } })
  })

  test('lengthens the run by as much and by the shares of the profile and of operators alone, and takes nothing from the others', () => {
    const [usual, longer] = [planned(1), planned(1, asked(12.5))]
    expect(longer.budgetMs).toBe(usual.budgetMs + 2.53 * 10_000)
    expect(longer.plannedMs).toBeLessThanOrEqual(longer.budgetMs)
    expect(longer.threads).toEqual(usual.threads)
    expect(longer.leftOut).toEqual({})
  })
})

test('an engine without times of nodes has no profile, and no operators alone', () => {
  expect(planned(1, FULL, { nodes: null })).toMatchObject({ profile: null, experimentsMs: 0 })
})

test('a device is watched within the time', () => {
  const { plannedMs, budgetMs } = planned(1000, QUICK, { onDevice: true })
  expect(plannedMs).toBeLessThanOrEqual(budgetMs)
  // Six predictions and 1.9 s of which the processes and operators alone have less.
  const apart = (onDevice: boolean) => {
    const { experimentsMs, processes, block } = planned(1000, QUICK, { onDevice })
    return experimentsMs + processes * block.plannedMs
  }
  expect(apart(true)).toBeLessThan(apart(false))
})

test('a profile with little time is one prediction between two, and with much as many rounds as its sampling is worth', () => {
  const look = { loadMs: 10, predictionMs: 1000 }
  expect(planProfile(look, { sampleMs: 900, nodes: 10 }, 0)).toMatchObject({ rounds: 1, least: { warmup: 1, samples: 1 } })
  expect(planProfile(look, { sampleMs: 900, nodes: 10 }, 1e6)).toMatchObject({ rounds: 3, least: { warmup: 5, samples: 6 } })
})
