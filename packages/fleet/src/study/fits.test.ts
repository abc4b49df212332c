import { expect, test } from 'vitest'
import { matchesPattern } from './fits.ts'

test('a pattern is the whole text, and no expression', () => {
  expect(['x64-*', '*', 'x64', 'x.4*'].map((pattern) => matchesPattern(pattern, 'x64-avx2-2c'))).toEqual([
    true,
    true,
    false,
    false,
  ])
})
