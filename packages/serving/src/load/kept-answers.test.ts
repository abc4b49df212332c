import { expect, test } from 'vitest'
import { requestsToKeep } from './kept-answers.ts'

test('spread over the whole run, by the seed', () => {
  const kept = [...requestsToKeep(6400, 3)]
  expect(kept.map((request) => Math.floor(request / 100))).toEqual(Array.from({ length: 64 }, (_, k) => k))
  expect([...requestsToKeep(6400, 3)]).toEqual(kept)
  expect([...requestsToKeep(6400, 4)]).not.toEqual(kept)
})

test('of few requests all, of a closed loop some of the first thousand', () => {
  expect([...requestsToKeep(10, 1)].filter((request) => request < 10)).toHaveLength(10)
  expect(Math.max(...requestsToKeep(null, 1))).toBeLessThan(1024)
})
