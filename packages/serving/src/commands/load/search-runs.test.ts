import { expect, test } from 'vitest'
import { aloneMostSeconds, searchSeconds, wholeSeconds } from './search-runs.ts'

test('a search takes 160 s at most, or 15 runs of the length that was told, or what was told', () => {
  expect(searchSeconds({ seconds: null }, { budgetSeconds: null })).toBe(160)
  expect(searchSeconds({ seconds: 8 }, { budgetSeconds: null })).toBe(160)
  // 60 s, 10 s of warm-up (a fifth, ten at most), half a second around them.
  expect(wholeSeconds(60)).toBe(70.5)
  expect(searchSeconds({ seconds: 60 }, { budgetSeconds: null })).toBe(15 * 70.5)
  expect(searchSeconds({ seconds: 60 }, { budgetSeconds: 100 })).toBe(100)
})

test('one request after another takes a tenth of the time at most, and a minute', () => {
  expect([10_000, 600, 100, 5].map(aloneMostSeconds)).toEqual([60, 60, 10, 1])
})
