import { expect, test } from 'vitest'
import { isWorthSaying } from './worth.ts'

test('three per cent is worth saying, less is not', () => {
  expect(isWorthSaying(0.3, 10)).toBe(true)
  expect(isWorthSaying(0.29, 10)).toBe(false)
})

test('of what was timed alone one per cent is, with half a per cent for sure', () => {
  expect(isWorthSaying(0.1, 10, { alone: { lowMs: 0.05 } })).toBe(true)
  expect(isWorthSaying(0.1, 10, { alone: { lowMs: 0.049 } })).toBe(false)
  expect(isWorthSaying(0.098, 10, { alone: { lowMs: 0.08 } })).toBe(false)
  expect(isWorthSaying(0.3, 10, { alone: { lowMs: 0.01 } })).toBe(true)
})
