import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { lastWords } from './last-words.ts'

test.each([
  ['nothing', '', null],
  ['blank lines', '\n \n', null],
  ['a word', 'warning: a\nno room\n', 'no room'],
  [
    'Python',
    'Traceback (most recent call last):\n  File "a.py", line 1, in <module>\n    f()\nValueError: no room\n',
    'ValueError: no room',
  ],
  [
    'C++',
    "terminate called after throwing an instance of 'std::bad_alloc'\n  what():  std::bad_alloc\n",
    'what():  std::bad_alloc',
  ],
  [
    'native frames',
    'FATAL ERROR: heap out of memory\n----- Native stack trace -----\n\n 1: 0x195e376 node::Abort [node]\n',
    'FATAL ERROR: heap out of memory',
  ],
  ['Windows', 'no room\r\n', 'no room'],
  ['a long line', 'x'.repeat(300), 'x'.repeat(200)],
])('%s', (_, stderr, words) => {
  expect(lastWords(stderr)).toBe(words)
})

test.each([
  ["throw new Error('no room')", 'Error: no room'],
  ["throw 'no room'", 'no room'],
  ["throw Object.assign(new Error('no room'), { code: 'ENOROOM', size: { bytes: 3 } })", 'Error: no room'],
  ["require('/no/such/file')", "Error: Cannot find module '/no/such/file'"],
])('of Node the error, whatever is behind it: %s', (code, words) => {
  const { stderr } = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8', timeout: 20_000 })
  expect(lastWords(stderr)).toBe(words)
})
