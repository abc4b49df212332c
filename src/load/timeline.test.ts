import { describe, expect, test } from 'vitest'
import { makeTimeline, type TimelinePlan, traceRate } from './timeline.ts'

const plan: TimelinePlan = { arrivals: { kind: 'poisson' }, ratePerSecond: 200, warmUpMs: 1000, measuredMs: 10_000, seed: 7 }
const gapsOf = ({ dueMs }: { dueMs: Float64Array }) => Array.from(dueMs.subarray(1), (due, k) => due - dueMs[k]!)
/** Squared coefficient of variation. */
const variation = (gaps: readonly number[]) => {
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length
  return gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length / mean ** 2
}

describe('a timeline', () => {
  test('has exactly the requests of its rate, before and within what is measured, in order', () => {
    const { dueMs, measuredFrom } = makeTimeline(plan)
    expect(measuredFrom).toBe(200)
    expect(dueMs.length).toBe(2200)
    expect(dueMs[199]!).toBeLessThan(1000)
    expect(dueMs[200]!).toBeGreaterThanOrEqual(1000)
    expect(dueMs.at(-1)!).toBeLessThan(11_000)
    expect(gapsOf({ dueMs }).every((gap) => gap >= 0)).toBe(true)
  })

  test('is that of its seed', () => {
    expect(makeTimeline(plan)).toEqual(makeTimeline(plan))
    expect(makeTimeline({ ...plan, seed: 8 }).dueMs[500]).not.toBe(makeTimeline(plan).dueMs[500])
  })

  test('of a Poisson stream has exponential gaps that do not know each other', () => {
    const gaps = gapsOf(makeTimeline({ ...plan, warmUpMs: 0, measuredMs: 50_000 }))
    expect(variation(gaps)).toBeCloseTo(1, 1)
    // P(gap > mean) = 1/e.
    expect(gaps.filter((gap) => gap > 5).length / gaps.length).toBeCloseTo(Math.exp(-1), 2)
    const product = gaps.slice(1).reduce((sum, gap, k) => sum + (gap - 5) * (gaps[k]! - 5), 0) / gaps.length / 25
    expect(Math.abs(product)).toBeLessThan(0.05)
  })

  test('of bursts varies as told, a constant one not at all', () => {
    const bursts = makeTimeline({ ...plan, arrivals: { kind: 'bursts', burstiness: 4 }, measuredMs: 100_000, warmUpMs: 0 })
    expect(variation(gapsOf(bursts))).toBeGreaterThan(3.4)
    expect(variation(gapsOf(bursts))).toBeLessThan(4.6)
    const constant = makeTimeline({ ...plan, arrivals: { kind: 'constant' }, warmUpMs: 0 })
    expect(constant.dueMs[0]).toBeCloseTo(2.5, 6)
    expect(gapsOf(constant).every((gap) => Math.abs(gap - 5) < 1e-6)).toBe(true)
  })

  test('of a trace keeps its gaps, begins again at its end, and is stretched to the rate', () => {
    const gapsMs = [1, 2, 3]
    expect(traceRate(gapsMs)).toBe(500)
    const own = makeTimeline({ ...plan, arrivals: { kind: 'trace', gapsMs }, ratePerSecond: 500, warmUpMs: 0, measuredMs: 10 })
    expect([...own.dueMs]).toEqual([0, 1, 3, 6, 7])
    const slower = makeTimeline({ ...plan, arrivals: { kind: 'trace', gapsMs }, ratePerSecond: 250, warmUpMs: 0, measuredMs: 12 })
    expect([...slower.dueMs]).toEqual([0, 2, 6])
  })
})
