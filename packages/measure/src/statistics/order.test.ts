import { expect, it, test } from 'vitest'
import { geometricMean, lowerQuartile, median, medianOrNull, midmean, percentileOf, sortAscending } from './order.ts'

test('the median is the middle, and the mean of the two middle ones', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(median(Float64Array.of(10, 9))).toBe(9.5)
})

test('of nothing there is no middle, and it is not 0', () => {
  expect(median([])).toBeNaN()
  expect(medianOrNull([])).toBeNull()
  expect(percentileOf([], 0.99)).toBeNaN()
  expect([midmean([]), geometricMean([])]).toEqual([Number.NaN, Number.NaN])
})

test('a percentile is a value that occurred, by its nearest rank; the p50 is the median', () => {
  const sorted = sortAscending(Array.from({ length: 100 }, (_, k) => 100 - k))
  expect([0.9, 0.99, 0.999, 0.001].map((share) => percentileOf(sorted, share))).toEqual([90, 99, 100, 1])
  expect(percentileOf(sorted, 0.5)).toBe(50.5)
})

test('a percentile among what never came is infinite', () => {
  const some = sortAscending([1, 2, Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY])
  expect([0.25, 0.5, 0.9].map((share) => percentileOf(some, share))).toEqual([
    1,
    Number.POSITIVE_INFINITY,
    Number.POSITIVE_INFINITY,
  ])
})

test('averages the middle half', () => {
  // Of eight values two are cut at each end: (3 + 4 + 5 + 6) / 4.
  expect(midmean([1, 2, 3, 4, 5, 6, 7, 1000])).toBe(4.5)
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
