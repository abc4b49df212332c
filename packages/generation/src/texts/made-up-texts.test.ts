import { expect, test } from 'vitest'
import { madeUpTexts } from './made-up-texts.ts'

test('texts of one sentence to sixteen, the same each time', () => {
  const texts = madeUpTexts(64)
  expect(madeUpTexts(64)).toEqual(texts)
  expect(new Set(texts).size).toBeGreaterThan(50)
  const lengths = texts.map(({ length }) => length)
  expect(Math.max(...lengths) / Math.min(...lengths)).toBeGreaterThan(20)
})
