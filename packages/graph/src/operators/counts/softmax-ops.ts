// Operations of a softmax over `elements` scores in `rows` rows: maximum, subtract, exp, sum, and a multiplication by the row's
// reciprocal.
import type { ElementOps } from './activation-ops.ts'

const SIMPLE_OPS = 4

/** All operations together, not per element. */
export function softmaxOps(elements: number, rows: number): ElementOps {
  return { simple: elements * SIMPLE_OPS, special: elements + rows, functions: { exp: elements } }
}
