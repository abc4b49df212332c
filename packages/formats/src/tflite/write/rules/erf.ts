// erf, which no TFLite kernel has: the quotient of polynomials that XLA and Eigen compute it by, right to a few units of the last place
// of float32. https://gitlab.com/libeigen/eigen/-/blob/3.4/unsupported/Eigen/src/SpecialFunctions/SpecialFunctionsImpl.h (generic_fast_erf_float)
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer } from '../lowerer.ts'
import { arithmetic } from './arithmetic.ts'

const NUMERATOR = [
  -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4, -2.954600101e-3,
  -1.60960333262415e-2,
]
const DENOMINATOR = [-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2]
/** Beyond, it is 1 in float32. */
const LIMIT = 4

export function erf(lower: Lowerer, given: LiteTensor, result: Parameters<Lowerer['op']>[2]): LiteTensor {
  const { multiply, add, divide, smallest, largest, number } = arithmetic(lower, given)
  const x = smallest(largest(given, number(-LIMIT)), number(LIMIT))
  const square = multiply(x, x)
  const polynomial = ([first, ...others]: readonly number[]): LiteTensor =>
    others.reduce<LiteTensor>((sum, factor) => add(multiply(sum, square), number(factor)), number(first!))
  return divide(multiply(x, polynomial(NUMERATOR)), polynomial(DENOMINATOR), result)
}
