import { expect, test } from 'vitest'
import { usersPrompt } from './prompts.ts'

/** Digits are ids; 0 and 9 are special. */
const encode = (text: string) => [...text].map(Number)
const decode = (ids: readonly number[]) => ids.filter((id) => id !== 0 && id !== 9).join('')
const paddingOf = (text: string) => usersPrompt({ encode, decode, vocabulary: 10, endIds: [] }, text, () => 0).paddingTokens ?? 0

test('one special token again and again, before a prompt or after it', () => {
  expect(paddingOf('000012345')).toBe(4)
  expect(paddingOf('1234599')).toBe(2)
  expect(paddingOf('0012399')).toBe(4)
  expect(paddingOf('0000')).toBe(4)
  // What begins or ends a text, a text of equal tokens, and special tokens within it.
  for (const text of ['0123', '1239', '0912', '1112', '12001', '']) expect(paddingOf(text)).toBe(0)
})
