import { expect, test } from 'vitest'
import { writeLiteral } from './written.ts'

test('what is short is one line; what is long has a member a line', () => {
  expect(writeLiteral({ type: 'WordPiece', '[CLS]': [1, 'a'], none: {}, nothing: null })).toBe(
    '{ type: "WordPiece", "[CLS]": [1, "a"], none: {}, nothing: null }',
  )
  const long = { list: ['x'.repeat(40), { name: 'y'.repeat(40) }], vocab: 0 }
  expect(writeLiteral(long, { vocab: 'VOCAB' })).toBe(`{
  list: [
    "${'x'.repeat(40)}",
    { name: "${'y'.repeat(40)}" },
  ],
  vocab: VOCAB,
}`)
})
