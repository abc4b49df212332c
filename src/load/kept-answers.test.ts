import { expect, test } from 'vitest'
import { keptRequests } from './kept-answers.ts'

test('spread over the whole run, by the seed', () => {
  const kept = [...keptRequests(6400, 3)]
  expect(kept.map((request) => Math.floor(request / 100))).toEqual(Array.from({ length: 64 }, (_, k) => k))
  expect([...keptRequests(6400, 3)]).toEqual(kept)
  expect([...keptRequests(6400, 4)]).not.toEqual(kept)
})

test('of few requests all, of a closed loop some of the first thousand', () => {
  expect([...keptRequests(10, 1)].filter((request) => request < 10)).toHaveLength(10)
  expect(Math.max(...keptRequests(null, 1))).toBeLessThan(1024)
})
