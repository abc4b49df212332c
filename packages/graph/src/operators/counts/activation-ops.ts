// Operations per element of the activation functions, from their definitions in
// https://github.com/onnx/onnx/blob/main/docs/Operators.md. `special` are exp, log, erf, tanh, division, pow; the rest is
// simple: add, multiply, compare, select. The sigmoid is 1 / (1 + exp(-x)): negate, exp, add, divide.

import type { FunctionCounts } from './functions.ts'

export interface ElementOps {
  readonly simple: number
  readonly special: number
  /** Functions whose rate is measured. The sigmoid is one of them, and two of `special`. */
  readonly functions?: FunctionCounts
}

/** Lower-case names: of operators, of `activation` attributes of fused nodes, and of `activations` of recurrent ones. */
const OPS: Readonly<Record<string, ElementOps>> = {
  identity: { simple: 0, special: 0 },
  relu: { simple: 1, special: 0 },
  // multiply, select
  leakyrelu: { simple: 2, special: 0 },
  prelu: { simple: 2, special: 0 },
  thresholdedrelu: { simple: 2, special: 0 },
  clip: { simple: 2, special: 0 },
  affine: { simple: 2, special: 0 },
  // two compares, one add
  shrink: { simple: 3, special: 0 },
  // multiply, add, max, min
  hardsigmoid: { simple: 4, special: 0 },
  // the hard sigmoid, times x
  hardswish: { simple: 5, special: 0 },
  // exp, subtract 1, multiply, select
  elu: { simple: 3, special: 1, functions: { exp: 1 } },
  selu: { simple: 4, special: 1, functions: { exp: 1 } },
  // max(0, x) + min(0, a * (exp(x / a) - 1)), with 1 / a known before
  celu: { simple: 6, special: 1, functions: { exp: 1 } },
  // log(exp(x) + 1)
  softplus: { simple: 1, special: 2, functions: { exp: 1, log: 1 } },
  // a * log(exp(b * x) + 1)
  parametricsoftplus: { simple: 3, special: 2, functions: { exp: 1, log: 1 } },
  // x / (1 + |x|)
  softsign: { simple: 2, special: 1, functions: { division: 1 } },
  sigmoid: { simple: 2, special: 2, functions: { sigmoid: 1 } },
  tanh: { simple: 0, special: 1, functions: { tanh: 1 } },
  scaledtanh: { simple: 2, special: 1, functions: { tanh: 1 } },
  erf: { simple: 0, special: 1, functions: { erf: 1 } },
  // x * tanh(softplus(x))
  mish: { simple: 2, special: 3, functions: { exp: 1, log: 1, tanh: 1 } },
  // x * sigmoid(a * x)
  swish: { simple: 4, special: 2, functions: { sigmoid: 1 } },
  // swish(a) * b
  swiglu: { simple: 5, special: 2, functions: { sigmoid: 1 } },
  silu: { simple: 3, special: 2, functions: { sigmoid: 1 } },
  quickgelu: { simple: 4, special: 2, functions: { sigmoid: 1 } },
  // 0.5 * x * (1 + erf(x / sqrt(2)))
  gelu: { simple: 4, special: 1, functions: { erf: 1 } },
  // 0.5 * x * (1 + tanh(x * (a + b * x * x)))
  fastgelu: { simple: 7, special: 1, functions: { tanh: 1 } },
}

/** Operations per element of the activation `name` in any case; undefined if the name is not known. */
export function activationOps(name: string): ElementOps | undefined {
  const key = name.toLowerCase()
  return Object.hasOwn(OPS, key) ? OPS[key] : undefined
}
