import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cells, nextWords, pad, printable, shorten, wrap, wrapCommand } from './wrap.ts'

test('lines keep to the width and lose no word', () => {
  const words = fc.array(fc.stringMatching(/^[a-zé埋]{1,12}$/), { maxLength: 40 })
  fc.assert(
    fc.property(words, fc.integer({ min: 26, max: 100 }), (list, width) => {
      const lines = wrap(list.join(' '), width, '- ')
      expect(lines.every((line) => cells(line) <= width)).toBe(true)
      expect(lines.join(' ').split(/\s+/).slice(1).filter(Boolean)).toEqual(list)
    }),
  )
})

test('a word longer than a line is cut, a number stays beside its unit', () => {
  expect(wrap('abcdefghij kl', 4)).toEqual(['abcd', 'efgh', 'ij', 'kl'])
  // 'takes 41.2' would fit in 10 cells, 'takes 41.2 ms' does not: the number moves with its unit.
  expect(wrap('takes 41.2 ms', 10)).toEqual(['takes', '41.2 ms'])
})

test('a command is continued by a backslash and its quoted words stay whole', () => {
  const lines = wrapCommand(nextWords({ next: "whyslow m.onnx --shape 'a b=1x2' --threads 2" }), 26, 'Next: ')
  expect(lines).toEqual(['Next: whyslow m.onnx \\', "      --shape 'a b=1x2' \\", '      --threads 2'])
  // An option stays with its value where both have room.
  expect(wrapCommand(nextWords({ next: 'whyslow fix a-model.onnx -o fast/' }), 30, '')).toEqual([
    'whyslow fix a-model.onnx \\',
    '-o fast/',
  ])
})

test('cells counts wide characters twice and combining marks not at all', () => {
  expect(cells('埋め')).toBe(4)
  expect(cells('e\u0301')).toBe(1)
  expect(pad('埋', 4)).toBe('埋  ')
  // One picture of several characters, which are never parted.
  expect([cells('👨‍👩‍👧'), cells('🇩🇪')]).toEqual([2, 2])
  expect(shorten('a👨‍👩‍👧👨‍👩‍👧b', 5)).toBe('a👨‍👩‍👧…b')
  expect(wrap('👨‍👩‍👧👨‍👩‍👧', 2)).toEqual(['👨‍👩‍👧', '👨‍👩‍👧'])
})

test('a long name keeps both ends', () => {
  expect(shorten('/encoder/layer.0/attention/MatMul', 15)).toBe('/encode…/MatMul')
  expect(shorten('short', 5)).toBe('short')
})

test('control characters, bidirectional overrides and line ends never reach the terminal', () => {
  expect(printable('a\u001b[31mb\u202ec\r\nd\te')).toBe('a?[31mb?c d e')
})

test('a name of a million letters loses its middle before it is counted, and no character in two', () => {
  const name = '😀x'.repeat(500_000)
  expect(shorten(name, 7)).toBe(shorten('😀x'.repeat(50), 7))
  expect(cells(shorten(name, 40))).toBeLessThanOrEqual(40)
  const lines = wrap(name, 80)
  expect(lines.length).toBeLessThan(100)
  expect(lines.join('')).toContain('…')
  expect(lines.join('')).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/)
})

test('what to type next is quoted as a shell takes it; documents of a version before have the text alone', () => {
  const run = { command: 'fix', arguments: ['my model.onnx', '-o', 'fast/'] }
  expect(nextWords({ next: 'not read', run }, 'npx whyslow')).toEqual(['npx whyslow', 'fix', "'my model.onnx'", '-o', 'fast/'])
  expect(nextWords({ next: 'not read', run: { command: '', arguments: ['a.onnx'] } })).toEqual(['whyslow', 'a.onnx'])
  expect(nextWords({ next: "whyslow fix 'my model.onnx'" }, 'npx whyslow')).toEqual(['npx whyslow', 'fix', "'my model.onnx'"])
  expect(nextWords({ next: null, run: null })).toEqual([])
})
