import { expect, test } from 'vitest'
import { changed, thresholdsOf, withChanged } from '../scripts/thresholds.mjs'

const SOURCE = `const SHARE = 0.05
export const LEAST: number = 2
const BYTES = 64 * 2 ** 10
const NONE = 0
const TEXT = '5'
  const INNER = 3
const DERIVED = SHARE * 2
`

test('thresholds are numbers at the top of a file', () => {
  expect(thresholdsOf(SOURCE)).toEqual([
    { name: 'SHARE', value: 0.05 },
    { name: 'LEAST', value: 2 },
    { name: 'BYTES', value: 65536 },
  ])
})

test('one is changed, and nothing else', () => {
  expect(withChanged(SOURCE, 'SHARE', 2)).toBe(SOURCE.replace('0.05', '0.1'))
})

test('a count changes by one', () => {
  expect([changed(2, 0.9), changed(2, 1.1), changed(100, 1.1)]).toEqual([1, 3, 110.00000000000001])
})
