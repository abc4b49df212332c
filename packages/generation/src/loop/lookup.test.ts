import { expect, test } from 'vitest'
import { costOf, estimatedGain, guessAfter, nextCount } from './lookup.ts'

test('guesses what followed the longest agreement, the latest of equals', () => {
  expect(guessAfter([1, 2, 3, 4, 9, 2, 3], 3, 2)).toEqual([4, 9, 2])
  expect(guessAfter([1, 2, 7, 5, 2, 8, 1, 2], 1, 2)).toEqual([7])
  expect(guessAfter([1, 2, 7, 1, 2, 8, 1, 2], 1, 2)).toEqual([8])
  expect(guessAfter([1, 2, 3], 5, 2)).toEqual([])
  expect(guessAfter([1, 2, 1], 5, 2)).toEqual([])
  expect(guessAfter([1, 2, 1], 5, 1)).toEqual([2, 1])
  expect(guessAfter([4], 5, 1)).toEqual([])
})

test('more guesses after right ones, fewer after others', () => {
  expect([nextCount(2, 2, 2, 8), nextCount(8, 8, 8, 8), nextCount(8, 8, 3, 8), nextCount(4, 4, 0, 8)]).toEqual([4, 8, 4, 1])
})

test('cost between points of the curve, and beyond them', () => {
  const curve = [
    { tokens: 1, ratio: 1 },
    { tokens: 4, ratio: 1.3 },
    { tokens: 8, ratio: 2.1 },
  ]
  expect(costOf(1, curve)).toBe(1)
  expect(costOf(4, curve)).toBeCloseTo(1.3)
  expect(costOf(6, curve)).toBeCloseTo(1.7)
  // (2.1 - 1) / 7 for each token after the first.
  expect(costOf(15, curve)).toBeCloseTo(3.2)
})

test('the gain of a text that repeats itself under a flat curve, and none under a steep one', () => {
  const repeats = [{ prompt: [1, 2, 3, 4, 5, 6], ids: [1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6] }]
  const flat = [{ tokens: 8, ratio: 1 }]
  const steep = [{ tokens: 8, ratio: 8 }]
  const setup = { most: 7, least: 2 }
  // After the first token, one call without a guess (1 was never followed by 2 before the pair is seen), then calls of up to eight tokens: 1, 8, 2.
  expect(estimatedGain(repeats, flat, setup)).toBeGreaterThan(3)
  expect(estimatedGain(repeats, steep, setup)).toBeLessThanOrEqual(1)
  const fresh = [{ prompt: [1, 2, 3], ids: [4, 5, 6, 7, 8] }]
  expect(estimatedGain(fresh, flat, setup)).toBe(1)
})
