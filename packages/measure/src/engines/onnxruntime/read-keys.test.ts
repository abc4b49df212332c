import { expect, test } from 'vitest'
import { holdsKey } from './read-keys.ts'

test.each([
  ['\0a.key\0', true],
  ['a.key', true],
  ['\0a.key.long\0', false],
  ['\0other.a.key\0a.key\0', true],
  ['\0a_key\0', false],
])('the text %j holds a.key: %s', (text, holds) => {
  expect(holdsKey(Buffer.from(text), 'a.key')).toBe(holds)
})
