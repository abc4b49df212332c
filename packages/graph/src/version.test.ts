import { expect, test } from 'vitest'
import { isVersion } from './version.ts'

test.each(['1.30.0', '2026.0.0', '1.2.3-dev.4+build', '2.0.0rc1', '3'])('%s is a version', (text) => {
  expect(isVersion(text)).toBe(true)
})

test.each(['', 'latest', 'v1.0', '1\n2', '1.0.0\n', '1 ', '1/2', '^1.0', 'file:../x', `1${'0'.repeat(200)}`, 1, null, undefined])(
  '%j is none',
  (text) => {
    expect(isVersion(text)).toBe(false)
  },
)
