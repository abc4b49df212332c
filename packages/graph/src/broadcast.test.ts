import { expect, test } from 'vitest'
import { broadcast, broadcastAxes } from './broadcast.ts'
import type { Dimension } from './types.ts'

test('sizes broadcast', () => {
  const both = (a: number | string, b: number | string) => broadcast(a, b)
  expect(both('a', 1)).toBe('a')
  expect(both(1, 'a')).toBe('a')
  expect(both('a', 'a')).toBe('a')
  // Whether a is 1 or 7, the result is 7.
  expect(both('a', 7)).toBe(7)
  expect(both(7, 'a')).toBe(7)
  expect(both('a', 'b')).toBeUndefined()
  expect(both(3, 7)).toBeUndefined()
})

test('shapes broadcast axis by axis, from the last', () => {
  expect(broadcastAxes([[8, 1], [4], []])).toEqual([8, 4])
  expect(
    broadcastAxes([
      ['n', 1],
      [2, 'm'],
    ]),
  ).toEqual([2, 'm'])
  expect(
    broadcastAxes<Dimension>([
      [null, 3],
      ['n', 1],
    ]),
  ).toEqual([undefined, 3])
  // Three and two do not go together, whichever is larger.
  expect(broadcastAxes([[3], [2]])).toEqual([undefined])
  expect(broadcastAxes([[3], [1], [2]])).toEqual([undefined])
  expect(broadcastAxes([])).toEqual([])
})
