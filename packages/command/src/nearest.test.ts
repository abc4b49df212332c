import { expect, test } from 'vitest'
import { nearest } from './nearest.ts'

test('the nearest word is the one begun or the one with the fewest edits, and none when all are far', () => {
  const flags = ['--threads', '--shape', '--save-evidence', '--duration']
  expect(nearest('--thraeds', flags)).toBe('--threads')
  expect(nearest('--save', flags)).toBe('--save-evidence')
  expect(nearest('--qqqqqqqq', flags)).toBeUndefined()
  // Two letters that changed places are one mistake.
  expect(nearest('fxi', ['why', 'fix', 'lint'])).toBe('fix')
})
