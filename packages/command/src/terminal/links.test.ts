// Links go to terminals that are known to take them, and lead to pages that are there.
import { existsSync } from 'node:fs'
import { hostname } from 'node:os'
import { expect, test } from 'vitest'
import { pageOf, takesLinks } from './links.ts'

test.each<[string, boolean, Record<string, string>]>([
  ['a terminal of VTE', true, { TERM: 'xterm-256color', VTE_VERSION: '7200' }],
  ['an old one', false, { TERM: 'xterm-256color', VTE_VERSION: '4600' }],
  ['kitty', true, { TERM: 'xterm-kitty' }],
  ['iTerm', true, { TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.4.16' }],
  ['an iTerm before links', false, { TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app', TERM_PROGRAM_VERSION: '3.0.9' }],
  ['the Windows terminal', true, { WT_SESSION: '1' }],
  ['one that is not known', false, { TERM: 'xterm-256color' }],
  ['a multiplexer', false, { TERM: 'tmux-256color', VTE_VERSION: '7200' }],
  ['one without colours', false, { TERM: 'xterm-kitty', NO_COLOR: '1' }],
  ['continuous integration', false, { TERM: 'xterm-kitty', CI: 'true' }],
  ['one that is told to', true, { TERM: 'xterm', FORCE_HYPERLINK: '1' }],
  ['one that is told not to', false, { TERM: 'xterm-kitty', FORCE_HYPERLINK: '0' }],
])('%s: %s', (_, takes, environment) => {
  expect(takesLinks(true, environment)).toBe(takes)
  expect(takesLinks(false, environment)).toBe(false)
})

test('the page of a rule is a file that is there; what is no rule has none', () => {
  const page = pageOf('dispatch-overhead')!
  const path = page.replace(`file://${hostname()}`, '')
  expect(existsSync(decodeURIComponent(path))).toBe(true)
  for (const rule of ['../../package', 'no-such-rule', 'a\u001b]8;;']) expect(pageOf(rule)).toBeNull()
})
