import { average } from '@whyslow/measure/statistics/index.ts'
import { describe, expect, test } from 'vitest'
import { exampleServer, exampleSetup, withParts } from '../../test/support/load/example-evidence.ts'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { latenciesOf, pointOf } from './point.ts'
import { erlangC, meanBatchedMs, meanWaitMs, theoryOf } from './theory.ts'

describe('the wait', () => {
  const of = (workers: number, utilisation: number, service: number, arrivals = 1) =>
    meanWaitMs({ workers, ratePerSecond: (utilisation * workers * 1000) / 10, serviceMs: 10, arrivals, service })

  test('is that of M/M/1 and M/D/1', () => {
    // ρS / (1 - ρ), and half of it.
    expect(of(1, 0.6, 1)).toBeCloseTo(15, 9)
    expect(of(1, 0.6, 0)).toBeCloseTo(7.5, 9)
    expect(of(1, 0.6, 0, 0)).toBe(0)
    expect(of(1, 1, 1)).toBe(null)
  })

  test('is that of M/M/k by Erlang', () => {
    // C(2, a) = ρ · 2ρ / (1 + ρ): at ρ = 0.5 a third.
    expect(erlangC(2, 0.5)).toBeCloseTo(1 / 3, 9)
    expect(of(2, 0.5, 1)).toBeCloseTo((1 / 3) * (10 / (2 * 0.5)), 9)
  })

  test.each([
    [1, false],
    [1, true],
    [4, false],
  ])('is that of exact simulations with %d workers, fixed: %s', (workers, fixed) => {
    for (const utilisation of [0.3, 0.6]) {
      const run = exampleRun({ workers, fixed, utilisation, measuredMs: 400_000 / workers, seed: 3 })
      const mean = average(latenciesOf(run))
      const expected = 10 + of(workers, utilisation, fixed ? 0 : 1)!
      expect(Math.abs(mean / expected - 1), `${utilisation}: ${mean}, not ${expected}`).toBeLessThan(0.05)
    }
  })

  test('of batches is at most 3 % above exact simulations of batches of all that wait', () => {
    // Simulated with 15,000 batches each, α = 1.
    for (const [fixedMs, rate, simulated] of [
      [5, 0.1, 7.99],
      [5, 0.5, 16.54],
      [5, 0.8, 41.3],
      [1, 0.3, 3.04],
      [1, 0.9, 22.37],
    ] as const) {
      const bound = meanBatchedMs(rate, { perRowMs: 1, fixedMs })!
      expect(bound / simulated).toBeGreaterThan(1)
      expect(bound / simulated).toBeLessThan(1.03)
    }
    expect(meanBatchedMs(1, { perRowMs: 1, fixedMs: 5 })).toBe(null)
  })
})

describe('a run', () => {
  const run = exampleRun({ utilisation: 0.6, measuredMs: 5000 })
  const parts = {
    queue: { all: 14, slowest: 50 },
    'hand-over': { all: 1, slowest: 1 },
    compute: { all: 9, slowest: 9, variation: 1 },
  }
  const point = { ...withParts(pointOf(run), parts), server: exampleServer({}) }
  const poisson = { kind: 'poisson', seed: 1, burstiness: 1, trace: null } as const

  test('has the formula’s wait beside the one that was measured', () => {
    const theory = theoryOf(point, exampleSetup({ workers: 1 }), poisson)!
    // 60 requests/s of 10 ms; cs² = (1 · 9² + 0 · 1²) / 10².
    expect(theory).toMatchObject({ serviceMs: 10, variation: 0.81, measuredWaitMs: 14 })
    expect(theory.utilisation).toBeCloseTo(0.6, 9)
    expect(theory.waitMs).toBeCloseTo(15 * 0.905, 9)
  })

  test('of batches has the bound beside it', () => {
    const setup = exampleSetup({ workers: 1, maxBatch: 8, fewRows: 8, batchLine: { perRowMs: 2, fixedMs: 6 } })
    const theory = theoryOf({ ...point, server: exampleServer({ meanTogether: 2 }) }, setup, poisson)!
    expect(theory.formula).toBe('Inoue')
    expect(theory.utilisation).toBeCloseTo(0.3, 9)
    expect(theory.waitMs).toBeCloseTo(meanBatchedMs(0.06, { perRowMs: 2, fixedMs: 6 })! - 10, 9)
  })

  test('has none where no formula is for it', () => {
    const setup = exampleSetup({ workers: 1 })
    expect(theoryOf(point, setup, { ...poisson, kind: 'trace', burstiness: null })).toBe(null)
    const joined = { ...point, server: exampleServer({ meanTogether: 2 }) }
    expect(theoryOf(joined, setup, poisson)).toBe(null)
    const batchLine = { perRowMs: 2, fixedMs: 6 }
    expect(theoryOf(joined, { ...setup, maxBatch: 8, fewRows: 2, batchLine }, poisson)).toBe(null)
    expect(theoryOf(joined, { ...setup, maxBatch: 8, fewRows: 8, batchDelayMs: 5, batchLine }, poisson)).toBe(null)
    expect(theoryOf({ ...point, saturated: true }, setup, poisson)).toBe(null)
    expect(theoryOf({ ...point, parts: null }, setup, poisson)).toBe(null)
    expect(theoryOf({ ...point, offeredPerSecond: 101 }, setup, poisson)).toBe(null)
  })
})
