import { expect, test } from 'vitest'
import { IdIndex, PairIndex } from './id-index.ts'

const all = (ids: Int32Array): Uint32Array => Uint32Array.from(ids, (_, at) => at)

test.each([
  ['that count up', [1, 2, 3, 0, 2]],
  ['that are far apart', [1_000_000, 5, 2 ** 31 - 1, 0, 5]],
  ['that stand for long ones', [-1, -2, -3, 0, -2]],
])('ids %s: the first event of each, none of 0 and of what is not there', (_, list) => {
  const ids = Int32Array.from(list)
  const index = new IdIndex(ids, all(ids))
  expect([0, 1, 2].map((at) => index.get(ids[at]!))).toEqual([0, 1, 2])
  expect([0, 4, 77].map((id) => index.get(id))).toEqual([-1, -1, -1])
})

test('ids of some events alone', () => {
  const ids = Int32Array.of(9, 8, 7)
  const index = new IdIndex(ids, Uint32Array.of(1))
  expect([9, 8, 7].map((id) => index.get(id))).toEqual([-1, 1, -1])
})

test('pairs have numbers by the order in which they come, of as many as there are', () => {
  const pairs = new PairIndex()
  const asked = Array.from({ length: 5000 }, (_, i) => [i % 70, i % 71] as const)
  const numbers = asked.map(([a, b]) => pairs.of(a, b))
  expect(pairs.length).toBe(4970)
  expect(numbers.slice(0, 4970)).toEqual(Array.from({ length: 4970 }, (_, i) => i))
  expect(numbers.slice(4970)).toEqual(Array.from({ length: 30 }, (_, i) => i))
})
