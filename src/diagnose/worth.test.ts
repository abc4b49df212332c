import { expect, test } from 'vitest'
import { isWorthSaying } from './worth.ts'

test('three per cent is worth saying, less is not', () => {
  expect(isWorthSaying(0.3, 10)).toBe(true)
  expect(isWorthSaying(0.29, 10)).toBe(false)
})

test('of what was timed alone one per cent is', () => {
  expect(isWorthSaying(0.1, 10, { timedAlone: true })).toBe(true)
  expect(isWorthSaying(0.09, 10, { timedAlone: true })).toBe(false)
})
