import { expect, test } from 'vitest'
import { promptsIn, readPrompts } from './prompts-file.ts'

test.each([
  ['a prompt a line', 'One.\n\nTwo.\r\n', ['One.', 'Two.']],
  ['a JSON array', '["One.", {"prompt": "Two."}]', ['One.', 'Two.']],
  ['JSON lines', '{"text": "One."}\n{"prompt": "Two.", "id": 3}\n', ['One.', 'Two.']],
])('%s', (_, text, prompts) => {
  expect(promptsIn(text, 'p.txt')).toEqual(prompts)
})

test.each([
  ['', '--prompts p.txt: holds no prompt'],
  ['[]', '--prompts p.txt: holds no prompt'],
  ['[1]', '--prompts p.txt, entry 1: has no prompt; give a string, or an object with a field prompt'],
  ['{"prompt": ""}', '--prompts p.txt, line 1: has no prompt; give a string, or an object with a field prompt'],
  ['{"a": 1}\n{', '--prompts p.txt, line 1: has no prompt; give a string, or an object with a field prompt'],
  ['["a"', '--prompts p.txt: is not valid JSON'],
])('%j is refused in a line', (text, message) => {
  expect(() => promptsIn(text, 'p.txt')).toThrow(message)
})

test('a file that does not exist, and a folder', () => {
  expect(() => readPrompts('no-such.txt')).toThrow('--prompts no-such.txt: no such file')
  expect(() => readPrompts('.')).toThrow('--prompts .: is not a file')
})
