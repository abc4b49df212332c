import { expect, test } from 'vitest'
import { changed, thresholdsOf, withChanged } from '../scripts/thresholds.mjs'

const SOURCE = `const SHARE = 0.05
export const LEAST: number = 2
const BYTES = 64 * 2 ** 10
const NONE = 0
const TEXT = '5'
  const INNER = 3
const DERIVED = SHARE * 2
const TRIPS = { python: 100, javascript: 10_000, none: 0 } as const
const COMMON: Readonly<Record<string, number>> = { pixels: 224 * 224 }
const AXES: Readonly<Record<string, number>> = { 3: 1 }
const UNITS = { share: 'of 5', ms: 1 }
`

test('thresholds are numbers at the top of a file, by themselves or in a table', () => {
  expect(thresholdsOf(SOURCE)).toEqual([
    { name: 'SHARE', value: 0.05 },
    { name: 'LEAST', value: 2 },
    { name: 'BYTES', value: 65536 },
    { name: 'TRIPS.python', value: 100 },
    { name: 'TRIPS.javascript', value: 10_000 },
    { name: 'COMMON.pixels', value: 50_176 },
  ])
})

test('one is changed, and nothing else', () => {
  expect(withChanged(SOURCE, 'SHARE', 2)).toBe(SOURCE.replace('0.05', '0.1'))
  expect(withChanged(SOURCE, 'TRIPS.javascript', 2)).toBe(SOURCE.replace('10_000', '20000'))
  expect(withChanged(SOURCE, 'COMMON.pixels', 2)).toBe(SOURCE.replace('224 * 224', '100352'))
  expect(withChanged(SOURCE, 'DERIVED', 2)).toBe(SOURCE)
})

test('a count changes by one', () => {
  expect([changed(2, 0.9), changed(2, 1.1), changed(100, 1.1)]).toEqual([1, 3, 110.00000000000001])
})
