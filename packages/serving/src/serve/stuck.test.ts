import { expect, test } from 'vitest'
import { createPredictionTimes } from './stuck.ts'

test('a prediction hangs after a hundred times the p99 of the latest, and never before the least', () => {
  const times = createPredictionTimes()
  expect(times.limitMs(60_000)).toBe(60_000)
  for (let k = 0; k < 98; k++) times.add(10)
  for (let k = 0; k < 2; k++) times.add(2000)
  expect(times.limitMs(60_000)).toBe(200_000)
  // The slow ones are a thousand predictions ago.
  for (let k = 0; k < 1000; k++) times.add(10)
  expect(times.limitMs(60_000)).toBe(60_000)
  expect(times.limitMs(500)).toBe(1000)
})
