// A linear or logistic model by Newton's method (iteratively reweighted least squares), with a small penalty on the weights.
import type { LinearScores, Preparation } from '@whyslow/graph/forest/types.ts'
import type { Lessons } from './lessons.ts'
import { baseScore, logistic } from './loss.ts'
import { standardize } from './standard.ts'

const STEPS = 12
/** Per row: weights of features that say the same stay small. */
const PENALTY = 1e-3

export function fitLinear(
  lessons: Lessons,
  target: Float64Array,
): { readonly prepare: readonly Preparation[]; readonly scores: LinearScores } {
  const { teacher, count, isLogOdds } = lessons
  const { featureCount: width, dtype } = teacher.input
  const { prepare, rows } = standardize(lessons)
  const weights = new Float64Array(width + 1)
  weights[width] = baseScore(target, isLogOdds)
  for (let step = 0; step < (isLogOdds ? STEPS : 1); step++) newton(weights, { rows, count, width, target, isLogOdds })
  const round = dtype === 'float32' ? Math.fround : (value: number) => value
  const scores: LinearScores = {
    kind: 'linear',
    precision: dtype,
    outputCount: 1,
    featureCount: width,
    weights: weights.slice(0, width).map(round),
    start: Float64Array.of(round(weights[width]!)),
    end: new Float64Array(1),
    missing: 'missing',
  }
  return { prepare, scores }
}

interface Equations {
  readonly rows: Float64Array
  readonly count: number
  readonly width: number
  readonly target: Float64Array
  readonly isLogOdds: boolean
}

/** One step: the weights change. */
function newton(weights: Float64Array, { rows, count, width, target, isLogOdds }: Equations): void {
  const size = width + 1
  const matrix = new Float64Array(size * size)
  const right = new Float64Array(size)
  const x = new Float64Array(size).fill(1)
  for (let r = 0; r < count; r++) {
    x.set(rows.subarray(r * width, (r + 1) * width))
    const score = x.reduce((sum, value, k) => sum + value * weights[k]!, 0)
    const p = isLogOdds ? logistic(score) : score
    const curvature = isLogOdds ? Math.max(p * (1 - p), 1e-6) : 1
    for (let a = 0; a < size; a++) {
      right[a]! += x[a]! * (target[r]! - p)
      for (let b = 0; b <= a; b++) matrix[a * size + b]! += curvature * x[a]! * x[b]!
    }
  }
  for (let a = 0; a < width; a++) {
    matrix[a * size + a]! += PENALTY * count
    right[a]! -= PENALTY * count * weights[a]!
  }
  const change = solve(matrix, right, size)
  change.forEach((value, k) => {
    weights[k]! += value
  })
}

/** Solves for a symmetric positive matrix, given its lower half, by Cholesky's factors. */
function solve(matrix: Float64Array, right: Float64Array, size: number): Float64Array {
  for (let a = 0; a < size; a++) {
    for (let b = 0; b <= a; b++) {
      let sum = matrix[a * size + b]!
      for (let k = 0; k < b; k++) sum -= matrix[a * size + k]! * matrix[b * size + k]!
      matrix[a * size + b] = a === b ? Math.sqrt(Math.max(sum, 1e-12)) : sum / matrix[b * size + b]!
    }
  }
  const result = right.slice()
  for (let a = 0; a < size; a++) {
    for (let k = 0; k < a; k++) result[a]! -= matrix[a * size + k]! * result[k]!
    result[a]! /= matrix[a * size + a]!
  }
  for (let a = size - 1; a >= 0; a--) {
    for (let k = a + 1; k < size; k++) result[a]! -= matrix[k * size + a]! * result[k]!
    result[a]! /= matrix[a * size + a]!
  }
  return result
}
