import { expect, test } from 'vitest'
import { normalize, poolVectors } from './pool.ts'

// Two texts of two tokens and one, padded to three positions with nines.
const right = {
  values: Float32Array.of(1, -4, 3, 2, 9, 9, 5, 6, 9, 9, 9, 9),
  ...{ length: 3, width: 2, lengths: [2, 1], side: 'right' as const },
}

test('positions of padding are in no vector', () => {
  expect([...poolVectors(right, 'mean')]).toEqual([2, -1, 5, 6])
  expect([...poolVectors(right, 'first')]).toEqual([1, -4, 5, 6])
  expect([...poolVectors(right, 'last')]).toEqual([3, 2, 5, 6])
  expect([...poolVectors(right, 'max')]).toEqual([3, 2, 5, 6])
  const left = { ...right, values: Float32Array.of(9, 9, 1, -4, 3, 2, 9, 9, 9, 9, 5, 6), side: 'left' as const }
  for (const how of ['mean', 'first', 'last', 'max'] as const) expect(poolVectors(left, how)).toEqual(poolVectors(right, how))
})

test('vectors of length 1; nothing stays nothing', () => {
  const vectors = Float32Array.of(3, 4, 0, 0)
  normalize(vectors, 2)
  expect([...vectors].map((value) => Number(value.toFixed(6)))).toEqual([0.6, 0.8, 0, 0])
})
