import { expect, test } from 'vitest'
import { turns } from './turns.ts'

test('there, and back again', () => {
  expect([0, 1, 2].map((round) => turns(3, round))).toEqual([
    [0, 1, 2],
    [2, 1, 0],
    [0, 1, 2],
  ])
})
