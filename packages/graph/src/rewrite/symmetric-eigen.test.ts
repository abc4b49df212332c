import { expect, test } from 'vitest'
import { mulberry32, normal } from '../random.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

test('a matrix worked out by hand', () => {
  // [[2, 1], [1, 2]]: 3 along (1, 1), 1 along (1, -1).
  const { values, vectors } = symmetricEigen(Float64Array.of(2, 1, 1, 2), 2)
  expect(values[0]).toBeCloseTo(3, 12)
  expect(values[1]).toBeCloseTo(1, 12)
  expect(Math.abs(vectors[0]! + vectors[1]!)).toBeCloseTo(Math.SQRT2, 12)
  expect(vectors[2]! + vectors[3]!).toBeCloseTo(0, 12)
})

test.each([1, 2, 3, 10, 40])('a random matrix of %i rows times each vector is the vector times its value', (n) => {
  const random = mulberry32(n)
  const matrix = new Float64Array(n * n)
  for (let i = 0; i < n; i++) for (let j = 0; j <= i; j++) matrix[i * n + j] = matrix[j * n + i] = normal(random)
  expectEigen(matrix, n)
})

test('equal values, zeros and a diagonal', () => {
  expectEigen(new Float64Array(16), 4)
  expectEigen(
    Float64Array.from({ length: 25 }, (_, k) => (k % 6 === 0 ? 7 : 0)),
    5,
  )
  expectEigen(
    Float64Array.from({ length: 36 }, () => 1),
    6,
  )
})

function expectEigen(matrix: Float64Array, n: number): void {
  const { values, vectors } = symmetricEigen(matrix, n)
  for (let a = 0; a < n; a++) {
    if (a > 0) expect(values[a]!).toBeLessThanOrEqual(values[a - 1]!)
    for (let i = 0; i < n; i++) {
      let product = 0
      for (let j = 0; j < n; j++) product += matrix[i * n + j]! * vectors[a * n + j]!
      expect(product).toBeCloseTo(values[a]! * vectors[a * n + i]!, 9)
    }
    for (let b = 0; b <= a; b++) {
      let dot = 0
      for (let j = 0; j < n; j++) dot += vectors[a * n + j]! * vectors[b * n + j]!
      expect(dot).toBeCloseTo(a === b ? 1 : 0, 9)
    }
  }
}
