// A matrix as the product of two of low rank, by a randomized range finder with two power steps and the eigenvectors of a small Gram
// matrix: Halko, Martinsson, Tropp, https://arxiv.org/abs/0909.4061 (algorithms 4.4 and 5.1). The numbers drawn are the same at every
// call. What is kept is measured on the factors, not estimated.
import { mulberry32 } from '../random.ts'
import { symmetricEigen } from './symmetric-eigen.ts'

export interface LowRankFactors {
  /** Share of the sum of squares that the first r directions keep, for r = 1, 2 ... up to the largest rank asked for. */
  readonly keptEnergy: readonly number[]
  /** Factors of this rank: [rows, rank] and [rank, columns], row by row. */
  factors(rank: number): { readonly left: Float32Array; readonly right: Float32Array }
}

/** Floating-point operations of `lowRankFactors`, about. */
export function lowRankFactorsFlops(rows: number, columns: number, maxRank: number): number {
  return 2 * maxRank * (6 * rows * columns + 8 * (rows + columns) * maxRank + 5 * maxRank * maxRank)
}

/**
 * Share of the sum of squares that `rank` directions keep at the most, by Cauchy and Schwarz from the sum of fourth powers of the
 * singular values: a cheap look before `lowRankFactors`, for about one product of the matrix with itself.
 */
export function keptShareBound(matrix: Float32Array, rows: number, columns: number, rank: number): number {
  const source = Float64Array.from(matrix)
  const gram = rows <= columns ? gramOf(source, rows, columns) : gramOf(transposed(source, rows, columns), columns, rows)
  const total = source.reduce((sum, one) => sum + one * one, 0)
  return total === 0 ? 1 : Math.min(1, Math.sqrt(rank) * (Math.sqrt(dot(gram, gram)) / total))
}

/** The best directions of `matrix` [rows, columns], row by row; `maxRank` at most the smaller side. */
export function lowRankFactors(matrix: Float32Array, rows: number, columns: number, maxRank: number): LowRankFactors {
  const source = Float64Array.from(matrix)
  const turned = transposed(source, rows, columns)
  // Bases are held with one direction per row, so that all products run along rows.
  let range = orthonormal(timesRows(draw(maxRank, columns), source, rows, columns), maxRank, rows)
  for (let power = 0; power < 2; power++) {
    const back = orthonormal(timesRows(range, turned, columns, rows), maxRank, columns)
    range = orthonormal(timesRows(back, source, rows, columns), maxRank, rows)
  }
  const projected = timesRows(range, turned, columns, rows)
  const { values, vectors } = symmetricEigen(timesRows(projected, projected, maxRank, columns), maxRank)
  const total = source.reduce((sum, one) => sum + one * one, 0)
  let kept = 0
  const keptEnergy = Array.from(values, (value) => {
    kept += Math.max(0, value)
    return total === 0 ? 1 : Math.min(1, kept / total)
  })
  return {
    keptEnergy,
    factors(rank) {
      const best = vectors.subarray(0, rank * maxRank)
      const left = timesRows(transposed(range, maxRank, rows), best, rank, maxRank)
      const right = timesRows(best, transposed(projected, maxRank, columns), columns, maxRank)
      return { left: Float32Array.from(left), right: Float32Array.from(right) }
    },
  }
}

const gramOf = (matrix: Float64Array, rows: number, columns: number) => timesRows(matrix, matrix, rows, columns)

/** a [m, k] times the transpose of b [n, k]: [m, n]. */
function timesRows(a: Float64Array, b: Float64Array, n: number, k: number): Float64Array {
  const m = a.length / k
  const result = new Float64Array(m * n)
  for (let i = 0; i < m; i++) {
    const row = i * k
    for (let j = 0; j < n; j++) {
      const other = j * k
      let [even, odd] = [0, 0]
      let at = 0
      for (; at + 1 < k; at += 2) {
        even += a[row + at]! * b[other + at]!
        odd += a[row + at + 1]! * b[other + at + 1]!
      }
      if (at < k) even += a[row + at]! * b[other + at]!
      result[i * n + j] = even + odd
    }
  }
  return result
}

function transposed(matrix: Float64Array, rows: number, columns: number): Float64Array {
  const result = new Float64Array(matrix.length)
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) result[j * rows + i] = matrix[i * columns + j]!
  return result
}

/** A direction shorter than this share of what it was has nothing of its own: the matrix has no higher rank. */
const LEAST_SHARE = 1e-10

/** The rows made orthonormal by Gram-Schmidt, twice for safety; rows that depend on those before become zero. */
function orthonormal(rows: Float64Array, count: number, length: number): Float64Array {
  for (let i = 0; i < count; i++) {
    const row = rows.subarray(i * length, (i + 1) * length)
    const before = Math.sqrt(dot(row, row))
    for (let pass = 0; pass < 2; pass++) {
      for (let j = 0; j < i; j++) {
        const other = rows.subarray(j * length, (j + 1) * length)
        const share = dot(row, other)
        for (let k = 0; k < length; k++) row[k]! -= share * other[k]!
      }
    }
    const after = Math.sqrt(dot(row, row))
    const factor = after <= LEAST_SHARE * before || after === 0 ? 0 : 1 / after
    for (let k = 0; k < length; k++) row[k]! *= factor
  }
  return rows
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!
  return sum
}

/** Numbers between -1 and 1 that look random and are always the same. */
function draw(rows: number, columns: number): Float64Array {
  const random = mulberry32(1)
  return Float64Array.from({ length: rows * columns }, () => 2 * random() - 1)
}
