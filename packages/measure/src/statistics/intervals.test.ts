import { describe, expect, it } from 'vitest'
import { logInterval, meanInterval, medianHalfWidth, p50Interval, percentileInterval, processInterval } from './intervals.ts'
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

  it('are as if independent where blocks are no wider', () => {
    // Low and high in turns: of a block of five, two or three are below the median. 1.96 * sqrt(0.25 / 100) is 0.098: the 41st to the 60th.
    const sorted = Array.from({ length: 100 }, (_, k) => k + 1)
    const inOrder = sorted.map((_, k) => (k % 2 === 0 ? k / 2 + 1 : (k - 1) / 2 + 51))
    expect(percentileInterval(inOrder, sorted, 0.5)).toEqual({ low: 41, high: 60 })
  })

  it('are of at most twenty blocks', () => {
    // Blocks of 0 and of 1 in turns: t of 19 degrees of freedom, 2.093, times the root of 5 / 19 / 20.
    const inTurns = Array.from({ length: 400 }, (_, k) => Math.floor(k / 20) % 2)
    expect(meanInterval(inTurns)?.high).toBeCloseTo(0.5 + 0.2401, 3)
  })

  it('need ten blocks of five', () => {
    const inTurns = (count: number) => Array.from({ length: count }, (_, k) => (k % 2 === 0 ? 1 : 2) + k / 1000)
    expect(ofOne(inTurns(49))).toEqual({ low: 1, high: 2.047 })
    expect(ofOne(inTurns(50)).low).toBeGreaterThan(1.01)
  })

  it('are the range of few processes', () => {
    expect(processInterval([3, 1, 2])).toEqual({ low: 1, high: 3 })
    expect(processInterval([3, 1, 2, 5, 4])).toEqual({ low: 1, high: 5 })
    expect(processInterval([3, 1, 2, 5, 4, 6])).toEqual(logInterval([1, 2, 3, 4, 5, 6]))
    expect(processInterval([2, 2, 2, 2, 2, 2])).toEqual({ low: 2, high: 2 })
  })

  it('are not narrow for few samples', () => {
    expect(medianHalfWidth([1, 1, 1])).toBe(Number.POSITIVE_INFINITY)
    expect(medianHalfWidth(Array(100).fill(2))).toBe(0)
  })
})
