// What a student is to come near to: the teacher's score, or where that is the log odds of two classes, its probability, which says how
// much a difference matters.
import type { Gradients } from './boost.ts'

export const logistic = (x: number): number => 1 / (1 + Math.exp(-x))

/** Gradients of the cross-entropy against probabilities. */
export const towardProbability =
  (target: Float64Array): Gradients =>
  (scores, gradient, hessian) => {
    for (let r = 0; r < scores.length; r++) {
      const p = logistic(scores[r]!)
      gradient[r] = p - target[r]!
      hessian[r] = Math.max(p * (1 - p), 1e-6)
    }
  }

/** Gradients of half the squared difference. */
export const towardScore =
  (target: Float64Array): Gradients =>
  (scores, gradient, hessian) => {
    for (let r = 0; r < scores.length; r++) {
      gradient[r] = scores[r]! - target[r]!
      hessian[r] = 1
    }
  }

/** The score that is best for all rows alike. */
export function baseScore(target: Float64Array, isProbability: boolean): number {
  const mean = target.reduce((sum, value) => sum + value, 0) / Math.max(1, target.length)
  if (!isProbability) return mean
  const inside = Math.min(1 - 1e-6, Math.max(1e-6, mean))
  return Math.log(inside / (1 - inside))
}
