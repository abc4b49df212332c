import { describe, expect, it } from 'vitest'
import {
  batchInterval,
  fitLine,
  logInterval,
  lowerQuartile,
  median,
  medianHalfWidth,
  medianInterval,
  midmean,
  p50Interval,
  percentile,
  processInterval,
  ratioOver,
  ratioOverRounds,
} from './statistics.ts'

describe('statistics', () => {
  it('takes the middle, and the mean of the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('trims a round that others disturbed', () => {
    const calm = [0.78, 0.79, 0.8, 0.8, 0.81, 0.82]
    const wild = [...calm.slice(1), 5]
    expect(ratioOver(wild).ratioHigh).toBeGreaterThan(1)
    // One cut off at either end: 0.79 to 0.82 are left to mean 0.805, and ln 0.82 - ln 0.8 = 0.025 is the most that any lies from 0.8.
    expect(ratioOverRounds(wild).ratioHigh).toBeLessThan(0.85)
    expect(ratioOverRounds(wild).ratioLow).toBeGreaterThan(0.76)
    expect(ratioOverRounds(wild.slice(0, 5))).toEqual(ratioOver(wild.slice(0, 5)))
  })

  it('trims to the interval of Yuen', () => {
    // Logarithms -1 to 4 without the ends: 0, 1, 2, 3, mean 1.5; moved to the cuts 0, 0, 1, 2, 3, 3: squares about 1.5 are 9.5.
    const { ratio, ratioLow, ratioHigh } = ratioOverRounds([-1, 0, 1, 2, 3, 4].map(Math.exp))
    // t of 3 degrees of freedom is 3.182, times the root of 9.5 / (4 * 3) is 2.831.
    expect([ratioLow, ratioHigh].map((end) => Math.log(end))).toEqual([expect.closeTo(-1.331, 2), expect.closeTo(4.331, 2)])
    expect(ratio).toBeCloseTo((Math.E + Math.E ** 2) / 2)
  })

  it('holds the median between order statistics, as the binomial has it', () => {
    const ramp = (count: number) => Array.from({ length: count }, (_, index) => index + 1)
    // 2 * (1 + 12) / 2^12 = 0.63 %, and 2 * (1 + 12 + 66) / 2^12 = 3.9 %.
    expect(medianInterval(ramp(12), 99)).toEqual({ low: 2, high: 11 })
    expect(medianInterval(ramp(12), 95)).toEqual({ low: 3, high: 10 })
    expect(medianInterval(ramp(8), 99)).toEqual({ low: 1, high: 8 })
    expect(medianInterval(ramp(7), 99)).toBeNull()
    expect(medianInterval(ramp(6), 95)).toEqual({ low: 1, high: 6 })
    expect(medianInterval(ramp(5), 95)).toBeNull()
    expect(medianInterval([...ramp(11), 1e9], 99)).toEqual({ low: 2, high: 11 })
    // Table A4 of Conover, Practical Nonparametric Statistics: 25 values, 95 %, ranks 8 and 18.
    expect(medianInterval(ramp(25), 95)).toEqual({ low: 8, high: 18 })
  })

  it('names a percentile only where the samples support it', () => {
    const samples = Array.from({ length: 64 }, (_, i) => i + 1)
    expect(percentile(samples.slice(1), 0.9)).toBeNull()
    expect(percentile(samples, 0.95)).toBeNull()
  })

  it('gives for a percentile what it does not exceed with 99 % confidence', () => {
    const ramp = (count: number) => Array.from({ length: count }, (_, i) => i + 1)
    // 0.9^64 + 64 · 0.1 · 0.9^63 = 0.96 %: the largest sample alone may be left out. The nearest rank is 58.
    expect(percentile(ramp(64), 0.9)).toBe(63)
    // 0.99^662 + 662 · 0.01 · 0.99^661 = 0.99 %.
    expect(percentile(ramp(662), 0.99)).toBe(661)
    // Of many it comes near the rank, which 2.33 standard deviations, √990 each, add to.
    expect(percentile(ramp(100_000), 0.99)! - 99_000).toBeCloseTo(2.33 * Math.sqrt(990), -1)
  })

  it('averages the middle half', () => {
    // Of eight values two are cut at each end: (3 + 4 + 5 + 6) / 4.
    expect(midmean([1, 2, 3, 4, 5, 6, 7, 1000])).toBe(4.5)
  })

  it('gives an interval by Student t on logarithms', () => {
    // Three values 1, e, e²: mean log 1, s = 1, half = 4.303 / sqrt(3) = 2.4843.
    const { low, high } = logInterval([1, Math.E, Math.E ** 2])
    expect(Math.log(low)).toBeCloseTo(1 - 2.4843, 3)
    expect(Math.log(high)).toBeCloseTo(1 + 2.4843, 3)
    expect(logInterval([5])).toEqual({ low: 5, high: 5 })
  })

  it('knows no narrow interval of samples that follow each other', () => {
    // A hundred samples that drift from 1 to 2 in ten steps: medians of batches 1.0, 1.1 … 1.9. As if independent: 1.4 to 1.6.
    const drifting = Array.from({ length: 100 }, (_, k) => 1 + Math.floor(k / 10) / 10)
    const { low, high } = batchInterval(drifting)
    expect(low).toBeLessThan(1.26)
    expect(high).toBeGreaterThan(1.58)
    // Too few for batches.
    expect(batchInterval([1, 3, 2])).toEqual({ low: 1, high: 3 })
    expect(p50Interval([{ p50Ms: 2, samplesMs: [1, 3, 2] }])).toEqual({ low: 1, high: 3 })
    expect(p50Interval([1, 2].map((p50Ms) => ({ p50Ms, samplesMs: [9] })))).toEqual({ low: 1, high: 2 })
  })

  it('takes the range of few processes', () => {
    expect(processInterval([3, 1, 2])).toEqual({ low: 1, high: 3 })
    expect(processInterval([2, 2, 2, 2, 2, 2])).toEqual({ low: 2, high: 2 })
  })

  it('has no narrow interval for few samples', () => {
    expect(medianHalfWidth([1, 1, 1])).toBe(Number.POSITIVE_INFINITY)
    expect(medianHalfWidth(Array(100).fill(2))).toBe(0)
  })

  it('fits an exact line, and nothing to two points', () => {
    const line = fitLine([1, 2, 4, 8].map((x) => ({ x, y: 3 + 2 * x })))
    expect(line!.fixed).toBeCloseTo(3)
    expect(line!.perUnit).toBeCloseTo(2)
    expect(
      fitLine([
        { x: 1, y: 1 },
        { x: 2, y: 2 },
      ]),
    ).toBeUndefined()
  })
})

it.each([
  [[], Number.NaN],
  [[4], 4],
  [[8, 4], 5],
  [[3, 1, 2], 1.5],
  [[4, 3, 2, 1], 1.75],
  [[5, 4, 3, 2, 1], 2],
])('the lower quartile of %j is %d', (values, expected) => {
  expect(lowerQuartile(values)).toBe(expected)
})
