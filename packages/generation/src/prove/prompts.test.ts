import { SENTENCES } from '@whyslow/measure/samples/sentences.ts'
import { expect, test } from 'vitest'
import { passages, proofPrompts } from './prompts.ts'

test("the user's come first, made-up ones follow, all different", () => {
  const { texts, users } = proofPrompts(['mine', 'mine too'], 20)
  expect([texts.slice(0, 2), users, texts.length]).toEqual([['mine', 'mine too'], 2, 20])
  expect(new Set(texts).size).toBe(20)
  expect(proofPrompts(Array(30).fill('x'), 20).texts).toHaveLength(30)
})

test('made-up ones have one to four sentences, seven apart', () => {
  const { texts } = proofPrompts([], 5)
  expect(texts[0]).toBe(SENTENCES[0])
  expect(texts[3]).toBe([3, 10, 17, 24].map((at) => SENTENCES[at % SENTENCES.length]).join(' '))
  expect(texts[4]).toBe(SENTENCES[4])
})

test('passages are all sentences, four behind each other', () => {
  expect(passages()[1]).toBe(SENTENCES.slice(4, 8).join(' '))
  expect(passages().join(' ')).toBe(SENTENCES.join(' '))
})
