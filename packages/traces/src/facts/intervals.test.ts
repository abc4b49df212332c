import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  clipTo,
  difference,
  firstFrom,
  gaps,
  IntervalList,
  type Intervals,
  intersection,
  lengthOf,
  partition,
  union,
} from './intervals.ts'

const setOf = (pairs: readonly (readonly [number, number])[]): Intervals => {
  const list = new IntervalList()
  for (const [start, length] of pairs) list.add(start, start + length)
  return list.merged()
}

/** Whole numbers below 64 that are in the set: what it is, one by one. */
const cellsOf = ({ starts, ends }: Intervals): number[] =>
  Array.from({ length: 64 }, (_, i) => i).filter((i) => starts.some((start, at) => start <= i && i + 1 <= ends[at]!))

const pairs = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 50 }), fc.integer({ min: 1, max: 13 })).map((pair) => pair as [number, number]),
  { maxLength: 12 },
)

test('sets are what their cells are', () => {
  fc.assert(
    fc.property(pairs, pairs, (one, two) => {
      const [a, b] = [setOf(one), setOf(two)]
      const [x, y] = [cellsOf(a), cellsOf(b)]
      const all = new Set(one.flatMap(([start, length]) => Array.from({ length }, (_, i) => start + i)))
      expect(lengthOf(a)).toBe(all.size)
      expect(cellsOf(union(a, b))).toEqual([...new Set([...x, ...y])].sort((p, q) => p - q))
      expect(cellsOf(intersection(a, b))).toEqual(x.filter((cell) => y.includes(cell)))
      expect(cellsOf(difference(a, b))).toEqual(x.filter((cell) => !y.includes(cell)))
      expect(lengthOf(gaps(a, 0, 64)) + lengthOf(a)).toBe(64)
    }),
    { numRuns: 60 },
  )
})

test('a partition gives each set what none before it has, and what none has at the end', () => {
  fc.assert(
    fc.property(pairs, pairs, pairs, (one, two, three) => {
      const [base, first, second] = [cellsOf(setOf(one)), cellsOf(setOf(two)), cellsOf(setOf(three))]
      const ofFirst = base.filter((cell) => first.includes(cell))
      const ofSecond = base.filter((cell) => second.includes(cell) && !first.includes(cell))
      expect(partition(setOf(one), [setOf(two), setOf(three)])).toEqual([
        ofFirst.length,
        ofSecond.length,
        base.length - ofFirst.length - ofSecond.length,
      ])
    }),
    { numRuns: 60 },
  )
})

test('what comes by its start is merged as it comes, and gives what is sorted afterwards', () => {
  fc.assert(
    fc.property(pairs, (some) => {
      const sorted = [...some].sort(([a], [b]) => a - b)
      expect(setOf(sorted)).toEqual(setOf(some))
      expect(setOf([...sorted].reverse())).toEqual(setOf(some))
    }),
    { numRuns: 60 },
  )
  const calls = new IntervalList()
  for (let i = 0; i < 1000; i++) calls.add(i, i + 1)
  expect(calls.length).toBe(1)
})

test('what lies outside the window is cut', () => {
  const list = new IntervalList()
  list.add(0, 10)
  list.add(20, 30)
  expect(lengthOf(clipTo(list.merged(), 5, 25))).toBe(10)
})

test('the place of the first number from a value on', () => {
  expect([0, 1, 2, 9].map((value) => firstFrom(Float64Array.of(1, 2, 2, 5), value))).toEqual([0, 0, 1, 4])
})
