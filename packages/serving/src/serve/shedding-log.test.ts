import { expect, test } from 'vitest'
import { createSheddingLog } from './shedding-log.ts'

test('the first is told at once, the others together', () => {
  const told: unknown[] = []
  let now = 0
  const refused = createSheddingLog(
    ({ refused }) => told.push(refused),
    () => now,
  )
  refused()
  for (let k = 0; k < 9; k++) refused()
  expect(told).toEqual([1])
  now = 10_000
  refused()
  expect(told).toEqual([1, 10])
})
