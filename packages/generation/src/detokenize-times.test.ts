import { expect, test } from 'vitest'
import { detokenizeTimes } from './detokenize-times.ts'

test('the first tenth of the tokens and the last', () => {
  const growing = Array.from({ length: 50 }, (_, k) => k)
  expect(detokenizeTimes(growing)).toEqual({ detokenize: { tokens: 50, earlyMs: 2, lateMs: 47 } })
  expect(detokenizeTimes(growing.slice(0, 39))).toEqual({})
})
