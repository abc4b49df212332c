import { expect, test } from 'vitest'
import { valueFact } from './values.ts'

test('texts of a list: their mean, the longest, and what batches of eight compute of them if they are sorted', () => {
  const texts = (...lengths: readonly number[]) => valueFact(lengths.map((length) => 'x'.repeat(length))).texts
  // Eight of 10, and seven of 10 next to the one of 100.
  const one = [...new Array<number>(7).fill(10), 100, ...new Array<number>(8).fill(10)]
  expect(texts(...one)).toEqual({ mean: 15.625, longest: 100, sorted: 55 })
  expect(texts(30, 10)).toEqual({ mean: 20, longest: 30, sorted: 30 })
  expect(texts(5)).toBeUndefined()
})
