import { describe, expect, it } from 'vitest'
import { fitLine, logInterval, median, medianHalfWidth, midmean, percentile, processInterval } from './statistics.ts'

describe('statistics', () => {
  it('takes the middle, and the mean of the two middle ones', () => {
    expect(median([3, 1, 2])).toBe(2)
    expect(median([4, 1, 2, 3])).toBe(2.5)
    expect(median([])).toBeNaN()
  })

  it('names a percentile only where the samples support it', () => {
    const samples = Array.from({ length: 64 }, (_, i) => i + 1)
    expect(percentile(samples.slice(1), 0.9)).toBeNull()
    // Nearest rank: ceil(64 * 0.9) = 58.
    expect(percentile(samples, 0.9)).toBe(58)
    expect(percentile(samples, 0.95)).toBeNull()
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
