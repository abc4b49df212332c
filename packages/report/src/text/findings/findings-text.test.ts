import { expect, test } from 'vitest'
import { checkedLines, isToFix, savingWords } from './findings-text.ts'

const one = { timeMs: 5, wouldSaveMs: 3.2, basis: 'modelled' } as const

test('what a finding would save, of the whole where that is known', () => {
  expect(savingWords(one, 9)).toBe('would save up to 3.20 ms of 9.00 ms')
  expect(savingWords({ ...one, basis: 'measured' }, null)).toBe('would save 3.20 ms')
})

test('what it takes, if nobody knows what it would save', () => {
  const unknown = { ...one, wouldSaveMs: null }
  expect(savingWords({ ...unknown, savingUnknown: 'no replacement was run' }, 9)).toBe(
    'takes 5.00 ms of 9.00 ms; saving unknown: no replacement was run',
  )
  expect(savingWords(unknown, 9)).toBe('takes 5.00 ms of 9.00 ms; saving unknown')
  expect(savingWords({ ...unknown, timeMs: 0, savingUnknown: 'why' }, 9)).toBe('saving unknown: why')
  expect([unknown, one, { wouldSaveMs: 0 }].map(isToFix)).toEqual([true, true, false])
})

test('rules that could not tell are listed by the reason', () => {
  const notChecked = ['a', 'b'].map((rule) => ({ rule, reason: 'no lines' }))
  expect(checkedLines({ clear: ['c'], notChecked }, 80)).toEqual(['Checked and fine: c.', 'Not checked: a, b (no lines).'])
})
