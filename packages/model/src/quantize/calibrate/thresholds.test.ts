import { mulberry32, normal } from '@whyslow/graph/random.ts'
import { describe, expect, test } from 'vitest'
import { addTo, emptyHistogram, type Histogram } from './histogram.ts'
import { entropyRange, mseRange, percentileRange } from './thresholds.ts'

const lowest = (values: Float32Array): number => values.reduce((least, value) => Math.min(least, value))
const highest = (values: Float32Array): number => values.reduce((most, value) => Math.max(most, value))

const histogramOf = (values: Float32Array, bins?: number): Histogram => {
  const histogram = emptyHistogram(lowest(values), highest(values), bins)
  addTo(histogram, values)
  return histogram
}

describe('histogram', () => {
  test('ten numbers in five bins over [0, 10]', () => {
    const histogram = emptyHistogram(0, 10, 5)
    // Bins of width 2; 10 itself and what is beyond go into the last, -1 into the first, NaN nowhere.
    addTo(histogram, Float32Array.of(0, 1, 2, 3.9, 4, 9, 10, 11, -1, Number.NaN))
    expect([...histogram.counts]).toEqual([3, 2, 1, 0, 3])
  })

  test('the range holds 0 and has a width', () => {
    expect(emptyHistogram(2, 6)).toMatchObject({ low: 0, high: 6 })
    expect(emptyHistogram(-6, -2)).toMatchObject({ low: -6, high: 0 })
    expect(emptyHistogram(0, 0)).toMatchObject({ low: 0, high: 1 })
  })
})

describe('percentile', () => {
  test('cuts half of the rest at either side', () => {
    // 100 bins of one number each over [-50, 50): 4 % may go, 2 bins at either side.
    const histogram = { low: -50, high: 50, counts: new Float64Array(100).fill(1) }
    expect(percentileRange(histogram, 0.96)).toEqual({ low: -48, high: 48 })
  })

  test('never cuts 0 away', () => {
    const counts = new Float64Array(100)
    counts[99] = 1000
    expect(percentileRange({ low: 0, high: 100, counts }, 0.5).low).toBe(0)
  })
})

/** A bell of width 1 and one number far out: 255 steps over it all waste nine tenths of them. */
function withOutlier(): Float32Array {
  const random = mulberry32(7)
  const values = Float32Array.from({ length: 200_000 }, () => normal(random))
  values[0] = 60
  return values
}

/** Mean squared error of rounding to 255 steps over the range, number by number. */
function errorOf(values: Float32Array, low: number, high: number): number {
  const step = (high - low) / 255
  let sum = 0
  for (const value of values) {
    const clipped = Math.min(high, Math.max(low, value))
    const rounded = Math.round((clipped - low) / step) * step + low
    sum += (rounded - value) ** 2
  }
  return sum / values.length
}

describe('mean squared error', () => {
  test('clips a lone outlier, and errs less than the whole range on the numbers themselves', () => {
    // 60² / 200,000 = 0.018 is lost by clipping all of it; the steps of the whole, 0.25 wide, lose 0.25² / 12 = 0.0054. So the best
    // is between: it cannot be the narrowest.
    const values = withOutlier()
    const { low, high } = mseRange(histogramOf(values))
    const whole = [lowest(values), 60] as const
    expect(high).toBeLessThan(60)
    expect(errorOf(values, low, high)).toBeLessThan(errorOf(values, ...whole))
  })

  test('keeps the whole of what is spread evenly', () => {
    const values = Float32Array.from({ length: 10_000 }, (_, k) => k / 10_000)
    expect(mseRange(histogramOf(values)).high).toBeCloseTo(0.9999, 4)
  })
})

describe('entropy', () => {
  test('clips a lone outlier', () => {
    const { low, high } = entropyRange(histogramOf(withOutlier()))
    expect(high).toBeLessThan(20)
    expect(high).toBeGreaterThan(2)
    expect(low).toBeLessThan(-2)
  })

  test('keeps the whole of what is spread evenly', () => {
    const values = Float32Array.from({ length: 100_000 }, (_, k) => (k % 4096) / 4096)
    expect(entropyRange(histogramOf(values)).high).toBeCloseTo(4095 / 4096, 4)
  })

  test('with as many bins as levels there is one candidate, the whole', () => {
    expect(entropyRange(histogramOf(withOutlier(), 256)).high).toBe(60)
  })
})
