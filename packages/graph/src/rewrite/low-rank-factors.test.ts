import { expect, test } from 'vitest'
import { mulberry32, normal } from '../random.ts'
import { keptShareBound, lowRankFactors } from './low-rank-factors.ts'

/** A matrix with these singular values along random orthogonal-looking directions: a sum of few products. */
function ofRank(rows: number, columns: number, weights: readonly number[]): Float32Array {
  const random = mulberry32(5)
  const matrix = new Float64Array(rows * columns)
  for (const weight of weights) {
    const [u, v] = [rows, columns].map((length) => Float64Array.from({ length }, () => normal(random) / Math.sqrt(length)))
    for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) matrix[i * columns + j]! += weight * u![i]! * v![j]!
  }
  return Float32Array.from(matrix)
}

function lostShare(
  matrix: Float32Array,
  rows: number,
  columns: number,
  rank: number,
  { left, right }: { left: Float32Array; right: Float32Array },
) {
  let [lost, total] = [0, 0]
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) {
      let product = 0
      for (let k = 0; k < rank; k++) product += left[i * rank + k]! * right[k * columns + j]!
      lost += (matrix[i * columns + j]! - product) ** 2
      total += matrix[i * columns + j]! ** 2
    }
  }
  return lost / total
}

test.each([
  [30, 50],
  [50, 30],
])('a %i x %i matrix of rank 3 is three directions exactly', (rows, columns) => {
  const matrix = ofRank(rows, columns, [5, 3, 2])
  const found = lowRankFactors(matrix, rows, columns, 8)
  expect(found.keptEnergy).toHaveLength(8)
  expect(found.keptEnergy[2]).toBeCloseTo(1, 6)
  expect(found.keptEnergy[1]).toBeLessThan(0.999)
  expect(lostShare(matrix, rows, columns, 3, found.factors(3))).toBeLessThan(1e-10)
})

test('what it says is kept is what the factors keep', () => {
  const matrix = ofRank(40, 60, [9, 7, 5, 4, 3, 2, 1, 1, 1, 1])
  const found = lowRankFactors(matrix, 40, 60, 10)
  for (const rank of [1, 4, 7]) {
    expect(1 - lostShare(matrix, 40, 60, rank, found.factors(rank))).toBeCloseTo(found.keptEnergy[rank - 1]!, 5)
  }
})

test('a diagonal: the largest squares are kept', () => {
  // 4, 3, 2, 1 on the diagonal: 16 of 30 by one direction, 25 of 30 by two.
  const matrix = Float32Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 4 - k / 5 : 0))
  const { keptEnergy } = lowRankFactors(matrix, 4, 4, 4)
  const expected = [16 / 30, 25 / 30, 29 / 30, 1]
  for (const [k, kept] of keptEnergy.entries()) expect(kept).toBeCloseTo(expected[k]!, 6)
})

test.each([
  [40, 60],
  [60, 40],
])('the cheap bound is never below what is kept: %i x %i', (rows, columns) => {
  const matrix = ofRank(rows, columns, [9, 7, 5, 4, 3, 2, 1, 1, 1, 1])
  const { keptEnergy } = lowRankFactors(matrix, rows, columns, 10)
  for (const rank of [1, 3, 10])
    expect(keptShareBound(matrix, rows, columns, rank)).toBeGreaterThanOrEqual(keptEnergy[rank - 1]! - 1e-9)
})

test('the bound of a diagonal of ones: the root of the share of directions', () => {
  // Four equal squares: one direction keeps 1/4, the bound says sqrt(1) * sqrt(4) / 4 = 1/2.
  const ones = Float32Array.from({ length: 16 }, (_, k) => (k % 5 === 0 ? 1 : 0))
  expect(keptShareBound(ones, 4, 4, 1)).toBeCloseTo(0.5, 9)
})

test('zeros', () => {
  const { keptEnergy, factors } = lowRankFactors(new Float32Array(20), 4, 5, 2)
  expect(keptEnergy).toEqual([1, 1])
  expect([...factors(1).left, ...factors(1).right].every((one) => one === 0)).toBe(true)
})
