// Special functions whose rate is measured on the machine: how often a node evaluates each of them. Counted is what no kernel gets
// round: a division by a number that is the same for many elements may be a multiplication, and is not counted.

export type SpecialFunction = 'exp' | 'log' | 'erf' | 'tanh' | 'sigmoid' | 'sqrt' | 'division' | 'power' | 'sine' | 'cosine'

/** Evaluations by function; absent: none. */
export type FunctionCounts = Readonly<Partial<Record<SpecialFunction, number>>>

/** `counts` this many times. */
export function evaluateCounts(counts: FunctionCounts | undefined, times: number): FunctionCounts {
  return Object.fromEntries(Object.entries(counts ?? {}).map(([name, count]) => [name, count * times]))
}

/** All of them together. */
export function sumFunctionCounts(...all: readonly (FunctionCounts | undefined)[]): FunctionCounts {
  const sum: Partial<Record<SpecialFunction, number>> = {}
  for (const counts of all) {
    for (const [name, count] of Object.entries(counts ?? {}) as [SpecialFunction, number][]) sum[name] = (sum[name] ?? 0) + count
  }
  return sum
}

/**
 * By function: the elementwise operators ('domain:OpType') that evaluate it once for each element. None of them is faster than the
 * function itself: the fastest tells its rate.
 */
export const OPERATORS_BY_FUNCTION: Readonly<Record<SpecialFunction, readonly string[]>> = {
  exp: ['Exp', 'Elu', 'Softmax', 'LogSoftmax'],
  log: ['Log'],
  erf: ['Erf', 'com.microsoft:Gelu'],
  tanh: ['Tanh', 'com.microsoft:FastGelu'],
  sigmoid: ['Sigmoid', 'com.microsoft:QuickGelu'],
  sqrt: ['Sqrt'],
  division: ['Div', 'Reciprocal'],
  power: ['Pow'],
  sine: ['Sin'],
  cosine: ['Cos'],
}
