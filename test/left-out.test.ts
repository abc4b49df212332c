import { describe, expect, test } from 'vitest'
import { blesses } from './blessing.ts'
import { isAllowed, mergedDurations } from './left-out.ts'

test('a reason is allowed if a whole line of the list matches it', () => {
  const allowed = '# Systems that are not here.\nneeds (bash|zsh)\n\n.*/testdata is not there'
  expect(['needs zsh', '/a/testdata is not there'].filter((reason) => !isAllowed(reason, allowed))).toEqual([])
  expect(['needs zsh and fish', 'it needs zsh', 'Systems', ''].filter((reason) => isAllowed(reason, allowed))).toEqual([])
})

describe('durations that are written again', () => {
  const merged = (run: Readonly<Record<string, number>>) =>
    mergedDurations({ 'a.test.ts': 3, 'gone.test.ts': 9, 'c.test.ts': 2 }, run, (path) => path !== 'gone.test.ts')

  test('keep what is known of files that did not run, and lose files that are gone', () => {
    expect(merged({ 'b.test.ts': 1.26 })).toEqual({ 'a.test.ts': 3, 'b.test.ts': 1.3, 'c.test.ts': 2 })
  })

  test('lose files that are short now', () => {
    expect(merged({ 'a.test.ts': 0.44, 'b.test.ts': 0.46 })).toEqual({ 'b.test.ts': 0.5, 'c.test.ts': 2 })
  })
})

test('recorded texts are written again by a person, never in CI', () => {
  expect([blesses({}), blesses({ CI: '1' }), blesses({ WHYSLOW_BLESS: '1' })]).toEqual([false, false, true])
  expect(() => blesses({ CI: '1', WHYSLOW_BLESS: '1' })).toThrow('WHYSLOW_BLESS is set in CI')
})
