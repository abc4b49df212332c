import { mulberry32 } from '@whyslow/graph/random.ts'
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
    // Four arrivals; a pass takes four mean gaps of 2 ms.
    expect([...own.dueMs]).toEqual([0, 1, 3, 6, 8, 9])
    const slower = makeTimeline({ ...plan, arrivals: { kind: 'trace', gapsMs }, ratePerSecond: 250, warmUpMs: 0, measuredMs: 12 })
    expect([...slower.dueMs]).toEqual([0, 2, 6])
  })
})

describe('a trace', () => {
  test('of n times has n requests, the last one among them', () => {
    const gapsMs = [5, 0, 20, 0.3, 7]
    const rate = traceRate(gapsMs)
    const once = makeTimeline({
      ...plan,
      arrivals: { kind: 'trace', gapsMs },
      ratePerSecond: rate,
      measuredMs: (6 * 1000) / rate,
    })
    const measured = [...once.dueMs.subarray(once.measuredFrom)].map((due) => due - plan.warmUpMs)
    expect(measured).toHaveLength(6)
    for (const [k, due] of [0, 5, 5, 25, 25.3, 32.3].entries()) expect(measured[k]).toBeCloseTo(due, 6)
  })

  test('with a long gap first has what comes within the time, after a warm-up at its mean rate', () => {
    const gapsMs = [60_000, ...new Array<number>(1000).fill(10)]
    const replay = { ...plan, arrivals: { kind: 'trace', gapsMs }, ratePerSecond: traceRate(gapsMs) } as const
    const short = makeTimeline({ ...replay, measuredMs: 10_000 })
    expect([...short.dueMs.subarray(short.measuredFrom)]).toEqual([1000])
    // 1001 gaps in 70 s.
    expect(short.measuredFrom).toBe(14)
    const long = makeTimeline({ ...replay, measuredMs: 65_005 })
    expect(long.dueMs.length - long.measuredFrom).toBe(1 + 501)
  })
})

describe('times ascend, and those that are measured lie within their time', () => {
  const random = mulberry32(5)
  const gaps = () => Array.from({ length: 1 + Math.floor(random() * 50) }, () => (random() < 0.2 ? 0 : 1 + 1000 * random() ** 6))
  const arrivalsOf = (k: number): TimelinePlan['arrivals'] => {
    if (k % 4 === 0) return { kind: 'trace', gapsMs: [...gaps(), 1] }
    if (k % 4 === 1) return { kind: 'bursts', burstiness: 10 ** (3 * random()) }
    return { kind: k % 4 === 2 ? 'poisson' : 'constant' }
  }

  test.each(Array.from({ length: 40 }, (_, k) => k))('seed %d', (first) => {
    for (let seed = first * 10; seed < first * 10 + 10; seed++) {
      const arrivals = arrivalsOf(seed)
      const ratePerSecond = 10 ** (-1 + 4 * random())
      const [warmUpMs, measuredMs] = [Math.floor(random() * 3) * 700, 10 + 5000 * random()]
      const { dueMs, measuredFrom } = makeTimeline({ arrivals, ratePerSecond, warmUpMs, measuredMs, seed })
      const falls = dueMs.findIndex((due, k) => !(due >= (k === 0 ? 0 : dueMs[k - 1]!)))
      expect(falls, JSON.stringify({ arrivals, ratePerSecond, warmUpMs, measuredMs, seed })).toBe(-1)
      expect(dueMs.at(-1) ?? 0).toBeLessThanOrEqual(warmUpMs + measuredMs)
      expect(dueMs[measuredFrom] ?? warmUpMs).toBeGreaterThanOrEqual(warmUpMs)
      const count = dueMs.length - measuredFrom
      if (arrivals.kind === 'trace') expect(count).toBeGreaterThan(0)
      else expect(count).toBe(Math.round((ratePerSecond * measuredMs) / 1000))
    }
  })
})
