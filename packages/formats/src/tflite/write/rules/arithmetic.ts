// Short names for operators that decompositions are made of.
import type { LiteTensor } from '../lite-graph.ts'
import { options } from '../lite-writer.ts'
import type { Lowerer } from '../lowerer.ts'

type Like = Pick<LiteTensor, 'dtype' | 'shape'>
type Result = Parameters<Lowerer['op']>[2]

/** Arithmetic on tensors of one shape. */
export function arithmetic(lower: Lowerer, { dtype, shape }: Like) {
  const like = { dtype, shape }
  return {
    add: (a: LiteTensor, b: LiteTensor, result: Result = like) => lower.op('ADD', [a, b], result, options('AddOptions')),
    subtract: (a: LiteTensor, b: LiteTensor, result: Result = like) => lower.op('SUB', [a, b], result, options('SubOptions')),
    multiply: (a: LiteTensor, b: LiteTensor, result: Result = like) => lower.op('MUL', [a, b], result, options('MulOptions')),
    divide: (a: LiteTensor, b: LiteTensor, result: Result = like) => lower.op('DIV', [a, b], result, options('DivOptions')),
    largest: (a: LiteTensor, b: LiteTensor, result: Result = like) =>
      lower.op('MAXIMUM', [a, b], result, options('MaximumMinimumOptions')),
    smallest: (a: LiteTensor, b: LiteTensor, result: Result = like) =>
      lower.op('MINIMUM', [a, b], result, options('MaximumMinimumOptions')),
    of: (code: 'RELU' | 'RELU6' | 'ELU' | 'TANH' | 'LOG' | 'LOGISTIC' | 'RSQRT', x: LiteTensor, result: Result = like) =>
      lower.op(code, [x], result),
    exp: (x: LiteTensor, result: Result = like) => lower.op('EXP', [x], result, options('ExpOptions')),
    abs: (x: LiteTensor, result: Result = like) => lower.op('ABS', [x], result, options('AbsOptions')),
    negate: (x: LiteTensor, result: Result = like) => lower.op('NEG', [x], result, options('NegOptions')),
    number: (value: number) => lower.number(value, dtype),
  }
}

/** max(x, 0) + log(1 + e^-|x|). */
export function softplus(lower: Lowerer, x: LiteTensor, result?: Result): LiteTensor {
  const { of, add, negate, abs, exp, number } = arithmetic(lower, x)
  return add(of('RELU', x), of('LOG', add(exp(negate(abs(x))), number(1))), result)
}
