import { expect, test } from 'vitest'
import { isTiny } from './call.ts'

test('a model is tiny if the call takes more than half of less than a millisecond', () => {
  expect(isTiny(0.051, 0.1)).toBe(true)
  expect(isTiny(0.049, 0.1)).toBe(false)
  expect(isTiny(0.9, 0.98)).toBe(true)
  expect(isTiny(0.9, 1.02)).toBe(false)
})
