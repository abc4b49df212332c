import { expect, test } from 'vitest'
import { answerParts, sentenceOf, withCommand } from './answer-command.ts'
import { answerLines } from './answer-lines.ts'

const next = { next: '', run: { command: 'fix', arguments: ['my models/a.onnx', '-o', 'fast/'] } }
const plain = (line: string) => line

test('a command is printed below the answer, so that it can be pasted as it is printed', () => {
  const answer = withCommand('14.4 ms per prediction. Biggest win: int8 could save 4.3 ms', next)
  expect(answer).toBe("14.4 ms per prediction. Biggest win: int8 could save 4.3 ms: npx whyslow fix 'my models/a.onnx' -o fast/")
  expect(answerLines(answer, 40, plain, 'npx whyslow')).toEqual([
    '14.4 ms per prediction. Biggest win:',
    'int8 could save 4.3 ms:',
    "  npx whyslow fix 'my models/a.onnx' \\",
    '  -o fast/',
  ])
  expect(answerParts(answer, 'node dist/main.js').words).toEqual([
    'node dist/main.js',
    'fix',
    "'my models/a.onnx'",
    '-o',
    'fast/',
  ])
})

test('an answer without a command ends with a full stop, and a quoted colon in it is no command', () => {
  expect(withCommand('Fine', null)).toBe('Fine.')
  expect(withCommand('Fine', { next: null })).toBe('Fine.')
  expect(answerLines('Run: what?', 40, plain)).toEqual(['Run: what?'])
})

test('a page takes the sentence without its command', () => {
  expect(sentenceOf('1 ms. Biggest win: int8 (estimated): npx whyslow quantize a.onnx -o fast/')).toBe(
    '1 ms. Biggest win: int8 (estimated).',
  )
  expect(sentenceOf('1 ms. Nothing to do.')).toBe('1 ms. Nothing to do.')
})
