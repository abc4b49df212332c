// Short names for operators that decompositions are made of.
import type { OperatorName } from '../../operator-codes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer } from '../lowerer.ts'

type Like = Pick<LiteTensor, 'dtype' | 'shape'>
type Result = Parameters<Lowerer['op']>[2]

/** Arithmetic on tensors of one shape. */
export function arithmetic(lower: Lowerer, { dtype, shape }: Like) {
  const like = { dtype, shape }
  const of = (code: OperatorName, x: LiteTensor, result: Result = like) => lower.op(code, [x], result)
  const one =
    (code: OperatorName) =>
    (x: LiteTensor, result: Result = like) =>
      lower.op(code, [x], result)
  const two =
    (code: OperatorName) =>
    (a: LiteTensor, b: LiteTensor, result: Result = like) =>
      lower.op(code, [a, b], result)
  return {
    add: two('ADD'),
    subtract: two('SUB'),
    multiply: two('MUL'),
    divide: two('DIV'),
    largest: two('MAXIMUM'),
    smallest: two('MINIMUM'),
    of,
    exp: one('EXP'),
    abs: one('ABS'),
    negate: one('NEG'),
    number: (value: number) => lower.number(value, dtype),
  }
}

/** max(x, 0) + log(1 + e^-|x|). */
export function softplus(lower: Lowerer, x: LiteTensor, result?: Result): LiteTensor {
  const { of, add, negate, abs, exp, number } = arithmetic(lower, x)
  return add(of('RELU', x), of('LOG', add(exp(negate(abs(x))), number(1))), result)
}
