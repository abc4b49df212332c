import { expect, test } from 'vitest'
import {
  clipIntervals,
  common,
  gaps,
  lastBefore,
  lengthOf,
  overlappingIntervals,
  streakStart,
  subtractIntervals,
  union,
} from './intervals.ts'
import type { Interval } from './records.ts'

const of = (...pairs: readonly (readonly [number, number])[]): Interval[] => pairs.map(([start, end]) => ({ start, end }))

test('a union is sorted, joined, and has nothing empty', () => {
  expect(union(of([5, 6], [1, 3], [2, 4], [4, 5], [9, 9]))).toEqual(of([1, 6]))
})

test('what lies within, what is common, what is left', () => {
  const some = of([1, 3], [5, 8])
  expect(clipIntervals(some, { start: 2, end: 6 })).toEqual(of([2, 3], [5, 6]))
  expect(common(some, of([0, 2], [7, 9]))).toEqual(of([1, 2], [7, 8]))
  expect(gaps(some, { start: 0, end: 10 })).toEqual(of([0, 1], [3, 5], [8, 10]))
  expect(subtractIntervals(some, of([2, 6]))).toEqual(of([1, 2], [6, 8]))
  expect(lengthOf(some)).toBe(5)
})

test('those that meet an interval', () => {
  const some = of([1, 3], [5, 8], [9, 10])
  expect(overlappingIntervals(some, { start: 3, end: 9 })).toEqual(of([5, 8]))
  expect(lastBefore(some, 5)).toBe(0)
  expect(lastBefore(some, 1)).toBe(-1)
})

test.each([
  ['nothing before', of([1, 2]), 10],
  ['an unbroken stretch', of([1, 2], [4, 7], [7.1, 10]), 4],
  ['one that goes on', of([8, 12]), 8],
  ['not before the least', of([-5, 10]), 0],
])('a streak: %s', (_, some, start) => expect(streakStart(some, 10, 0, 0.15)).toBe(start))
