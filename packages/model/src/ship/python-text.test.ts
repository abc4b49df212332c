import { spawnSync } from 'node:child_process'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { quotePython } from './python-text.ts'

const TEXTS = [
  '',
  'plain',
  "it's",
  '"double"',
  'back\\slash',
  "\\'",
  "\\\\' + evil() + '",
  "'; evil(); '",
  "')\nevil()\n('",
  'line\nbreak\r\ttab\0nul\u2028\u2029\u0085',
  '\\u0027',
  '{evil()} \u0024{evil()} %s',
  'Ünïcode 漢字 😀',
]

test.each(TEXTS)('JavaScript reads %j back, from one line', (text) => {
  expect(quotePython(text)).not.toMatch(/[\n\r]/)
  expect(runInNewContext(quotePython(text))).toBe(text)
})

test('and so does Python', ({ skip }) => {
  const script = 'import ast, json, sys; print(json.dumps([ast.literal_eval(one) for one in json.load(sys.stdin)]))'
  const { error, stdout } = spawnSync('python3', ['-I', '-c', script], {
    input: JSON.stringify(TEXTS.map(quotePython)),
    encoding: 'utf8',
  })
  if (error) skip('there is no python3')
  expect(JSON.parse(stdout)).toEqual(TEXTS)
})
