// Activation functions, alone or with the bias that ONNX Runtime fuses before them. Operations per element: activation-ops.ts.
// BiasGelu, FastGelu, QuickGelu, QLinearSigmoid, QLinearLeakyRelu: onnxruntime docs/ContribOperators.md

import { elementCount } from '../dtype.ts'
import { hasInput, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts } from './counts/functions.ts'
import { defineFamily, type Formula, formula, type OperatorFacts, sameFor, UNARY } from './family.ts'
import { broadcasts, keepsAxes } from './input-use.ts'

const activation = (name: string, biasInput?: number): Formula =>
  formula([], [0], (_, [y], context) => {
    const elements = elementCount(y.shape)
    const ops = activationOps(name)!
    const bias = biasInput !== undefined && hasInput(context, biasInput) ? 1 : 0
    return {
      simpleOps: elements * (ops.simple + bias),
      specialOps: elements * ops.special,
      functions: evaluateCounts(ops.functions, elements),
    }
  })

const gelu: Formula = (context) =>
  activation(textAttribute(context.node, 'approximate', 'none') === 'tanh' ? 'fastgelu' : 'gelu')(context)

// 8-bit in and out: the function is a table of 256 entries, made once, and each element one look-up.
const lookUp = formula([], [0], (_, [y]) => ({ simpleOps: elementCount(y.shape), arithmetic: 'int8' }))

// x [.., 2 * D] and bias: one half times the Gelu of the other
const biasSplitGelu = formula([0], [0], ([x], [y]) => {
  const ops = activationOps('gelu')!
  const elements = elementCount(y.shape)
  return {
    simpleOps: elementCount(x.shape) + elements * (ops.simple + 1),
    specialOps: elements * ops.special,
    functions: evaluateCounts(ops.functions, elements),
  }
})

const PLAIN = [
  ...['Relu', 'LeakyRelu', 'PRelu', 'ThresholdedRelu', 'Clip', 'Affine', 'Shrink', 'HardSigmoid', 'HardSwish', 'Elu', 'Selu'],
  ...['Celu', 'Softplus', 'ParametricSoftplus', 'Softsign', 'Sigmoid', 'Tanh', 'ScaledTanh', 'Erf', 'Mish', 'Swish', 'SwiGLU'],
] as const

const facts: OperatorFacts = {
  reads: { ...sameFor(PLAIN, keepsAxes), PRelu: broadcasts },
  int8: { LeakyRelu: UNARY, Sigmoid: UNARY },
}

export const activationFamily = defineFamily('activation', facts, {
  ...Object.fromEntries(PLAIN.map((name) => [name, activation(name)])),
  Gelu: gelu,
  'com.microsoft:Gelu': gelu,
  'com.microsoft:BiasGelu': activation('gelu', 1),
  'com.microsoft:FastGelu': activation('fastgelu', 1),
  'com.microsoft:QuickGelu': activation('quickgelu'),
  'com.microsoft:BiasSplitGelu': biasSplitGelu,
  'com.microsoft:QLinearSigmoid': lookUp,
  'com.microsoft:QLinearLeakyRelu': lookUp,
})
