import { describe, expect, it } from 'vitest'
import { logInterval, medianHalfWidth, p50Interval, processInterval } from './intervals.ts'
import { median } from './order.ts'

const ofOne = (samplesMs: readonly number[]) => p50Interval([{ p50Ms: median(samplesMs), samplesMs }])

describe('intervals', () => {
  it('are by Student t on logarithms', () => {
    // Three values 1, e, e²: mean log 1, s = 1, half = 4.303 / sqrt(3) = 2.4843.
    const { low, high } = logInterval([1, Math.E, Math.E ** 2])
    expect(Math.log(low)).toBeCloseTo(1 - 2.4843, 3)
    expect(Math.log(high)).toBeCloseTo(1 + 2.4843, 3)
    expect(logInterval([5])).toEqual({ low: 5, high: 5 })
  })

  it('are not narrow of samples that follow each other', () => {
    // A hundred samples that drift from 1 to 2 in ten steps: medians of batches 1.0, 1.1 … 1.9. As if independent: 1.4 to 1.6.
    const drifting = Array.from({ length: 100 }, (_, k) => 1 + Math.floor(k / 10) / 10)
    const { low, high } = ofOne(drifting)
    expect(low).toBeLessThan(1.26)
    expect(high).toBeGreaterThan(1.58)
    // Too few for blocks.
    expect(ofOne([1, 3, 2])).toEqual({ low: 1, high: 3 })
    expect(p50Interval([1, 2].map((p50Ms) => ({ p50Ms, samplesMs: [9] })))).toEqual({ low: 1, high: 2 })
  })

  // Of chains whose neighbours are alike (0.9 from one sample to the next) and whose median is 1, by Park and Miller's numbers.
  it.each([100, 1000])('hold the median of %d samples of one process that are alike in nine of ten runs', (count) => {
    let state = 7
    const random = () => {
      state = (state * 48271) % 2147483647
      return state / 2147483647
    }
    const normal = () => Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random())
    let held = 0
    for (let run = 0; run < 200; run++) {
      let at = normal()
      const samples = Array.from({ length: count }, () => {
        at = 0.9 * at + Math.sqrt(1 - 0.9 ** 2) * normal()
        return Math.exp(0.05 * at)
      })
      const { low, high } = ofOne(samples)
      if (low <= 1 && high >= 1) held++
    }
    expect(held).toBeGreaterThanOrEqual(175)
  })

  it('are the range of few processes', () => {
    expect(processInterval([3, 1, 2])).toEqual({ low: 1, high: 3 })
    expect(processInterval([2, 2, 2, 2, 2, 2])).toEqual({ low: 2, high: 2 })
  })

  it('are not narrow for few samples', () => {
    expect(medianHalfWidth([1, 1, 1])).toBe(Number.POSITIVE_INFINITY)
    expect(medianHalfWidth(Array(100).fill(2))).toBe(0)
  })
})
