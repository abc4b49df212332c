// Activations that TFLite has under another name, or that are made of others. What is made of several operators is written so that no
// number overflows on the way.
import { axisFromFront, numberAttribute, textAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor, OptionFields } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { arithmetic, softplus } from './arithmetic.ts'

import { erf } from './erf.ts'
import { asGelu } from './gelu.ts'
import { ofOne, type Rules } from './rule.ts'

type Result = Parameters<Lowerer['op']>[2]

type Write = (lower: Lowerer, node: OnnxNode, parts: { readonly x: LiteTensor; readonly result: Result }) => LiteTensor
const rule = (write: Write) => (lower: Lowerer, node: OnnxNode) =>
  ofOne(lower, node, (x, result) => write(lower, node, { x, result }))

export const ACTIVATIONS: Rules = {
  Celu: rule((lower, node, { x, result }) =>
    elu(lower, x, { alpha: numberAttribute(node, 'alpha', 1), inner: numberAttribute(node, 'alpha', 1), gamma: 1, result }),
  ),
  Clip: rule(clip),
  Elu: rule((lower, node, { x, result }) =>
    elu(lower, x, { alpha: numberAttribute(node, 'alpha', 1), inner: 1, gamma: 1, result }),
  ),
  Erf: (lower, node) => {
    if (!asGelu(lower, node)) ofOne(lower, node, (x, result) => erf(lower, x, result))
  },
  Gelu: rule((lower, node, { x, result }) =>
    lower.op('GELU', [x], result, { approximate: textAttribute(node, 'approximate', 'none') === 'tanh' }),
  ),
  HardSigmoid: rule(hardSigmoid),
  IsInf: rule((lower, node, { x, result }) => {
    if (numberAttribute(node, 'detect_negative', 1) === 0 || numberAttribute(node, 'detect_positive', 1) === 0)
      lower.refuse('it looks for one sign alone')
    const { abs, number } = arithmetic(lower, x)
    return lower.op('EQUAL', [abs(x), number(Number.POSITIVE_INFINITY)], result)
  }),
  IsNaN: rule((lower, _node, { x, result }) => lower.op('NOT_EQUAL', [x, x], result)),
  LeakyRelu: rule((lower, node, { x, result }) =>
    lower.op('LEAKY_RELU', [x], result, { alpha: numberAttribute(node, 'alpha', 0.01) }),
  ),
  LogSoftmax: softmax('LOG_SOFTMAX'),
  Mish: rule((lower, _node, { x, result }) => {
    const { multiply, of } = arithmetic(lower, x)
    return multiply(x, of('TANH', softplus(lower, x)), result)
  }),
  Reciprocal: rule((lower, _node, { x, result }) => {
    const { divide, number } = arithmetic(lower, x)
    return divide(number(1), x, result)
  }),
  Selu: rule((lower, node, { x, result }) => {
    const alpha = numberAttribute(node, 'alpha', 1.6732632423543772)
    return elu(lower, x, { alpha, inner: 1, gamma: numberAttribute(node, 'gamma', 1.0507009873554805), result })
  }),
  Shrink: rule((lower, node, { x, result }) => {
    const [limit, bias] = [numberAttribute(node, 'lambd', 0.5), numberAttribute(node, 'bias', 0)]
    const { add, subtract, number } = arithmetic(lower, x)
    const isBool = { dtype: 'bool' as const, shape: x.shape }
    const above = lower.op('GREATER', [x, number(limit)], isBool)
    const below = lower.op('LESS', [x, number(-limit)], isBool)
    const rest = lower.op('SELECT_V2', [below, add(x, number(bias)), number(0)], { dtype: x.dtype, shape: x.shape })
    return lower.op('SELECT_V2', [above, subtract(x, number(bias)), rest], result)
  }),
  Softmax: softmax('SOFTMAX'),
  Softplus: rule((lower, _node, { x, result }) => softplus(lower, x, result)),
  Softsign: rule((lower, _node, { x, result }) => {
    const { divide, add, abs, number } = arithmetic(lower, x)
    return divide(x, add(abs(x), number(1)), result)
  }),
  Tan: rule((lower, _node, { x, result }) => {
    const { divide } = arithmetic(lower, x)
    const like = { dtype: x.dtype, shape: x.shape }
    return divide(lower.op('SIN', [x], like), lower.op('COS', [x], like), result)
  }),
  ThresholdedRelu: rule((lower, node, { x, result }) => {
    const { multiply, number } = arithmetic(lower, x)
    const above = lower.op('GREATER', [x, number(numberAttribute(node, 'alpha', 1))], { dtype: 'bool', shape: x.shape })
    return multiply(x, lower.cast(above, 'float32'), result)
  }),
}

interface EluParts {
  readonly alpha: number
  /** What x is divided by inside. */
  readonly inner: number
  /** What all is multiplied with. */
  readonly gamma: number
  readonly result: Result
}

/** gamma · (max(x, 0) + alpha · (e^(min(x, 0) / inner) - 1)), of TFLite's ELU, where all three are 1. */
function elu(lower: Lowerer, x: LiteTensor, { alpha, inner, gamma, result }: EluParts): LiteTensor {
  const { of, add, multiply, smallest, number } = arithmetic(lower, x)
  if (alpha === 1 && inner === 1 && gamma === 1) return of('ELU', x, result)
  const below = smallest(x, number(0))
  const inside = inner === 1 ? below : multiply(below, number(1 / inner))
  const scaled = multiply(of('ELU', inside), number(alpha * gamma))
  const above = of('RELU', x)
  return add(gamma === 1 ? above : multiply(above, number(gamma)), scaled, result)
}

function hardSigmoid(lower: Lowerer, node: OnnxNode, { x, result }: { x: LiteTensor; result: Result }): LiteTensor {
  const [alpha, beta] = [numberAttribute(node, 'alpha', 0.2), numberAttribute(node, 'beta', 0.5)]
  const { of, add, multiply, smallest, number } = arithmetic(lower, x)
  // Keras 3 has it so, and kernels know RELU6.
  if (Math.abs(alpha - 1 / 6) < 1e-7 && beta === 0.5) return multiply(of('RELU6', add(x, number(3))), number(1 / 6), result)
  return smallest(of('RELU', add(multiply(x, number(alpha)), number(beta))), number(1), result)
}

function clip(lower: Lowerer, node: OnnxNode, { x, result }: { x: LiteTensor; result: Result }): LiteTensor {
  const bound = (name: string, index: number): number | undefined => {
    const given = node.attributes[name]
    if (typeof given === 'number') return given
    return (node.inputs[index] ?? '') === '' ? undefined : lower.numbersOf(node.inputs[index]!, name)[0]
  }
  const [low, high] = [bound('min', 1), bound('max', 2)]
  const { of, largest, smallest, number } = arithmetic(lower, x)
  const noLow = low === undefined || low <= -3.4e38
  const noHigh = high === undefined || high >= 3.4e38
  if (low === 0 && x.dtype === 'float32') {
    if (noHigh) return of('RELU', x, result)
    if (high === 6) return of('RELU6', x, result)
    return smallest(of('RELU', x), number(high), result)
  }
  if (low === -1 && high === 1 && x.dtype === 'float32') return lower.op('RELU_N1_TO_1', [x], result)
  if (noLow) return noHigh ? lower.reshape(x, x.shape) : smallest(x, number(high), result)
  if (noHigh) return largest(x, number(low), result)
  return smallest(largest(x, number(low)), number(high), result)
}

/** TFLite's runs over the last axis: the one that is asked for is brought there. */
function softmax(code: 'SOFTMAX' | 'LOG_SOFTMAX') {
  return (lower: Lowerer, node: OnnxNode): void => {
    const [inputName] = node.inputs as [string]
    const { shape } = lower.type(inputName)
    const old = lower.source.opset < 13
    const axis = axisFromFront(numberAttribute(node, 'axis', old ? 1 : -1), shape.length)
    if (old && axis !== shape.length - 1) lower.refuse('before opset 13 it runs over several axes')
    const lies = lower.order(inputName)
    const order = lies.at(-1) === axis ? lies : [...lies.filter((one) => one !== axis), axis]
    const fields: OptionFields = code === 'SOFTMAX' ? { beta: 1 } : {}
    ofOne(lower, node, (x, result) => lower.op(code, [x], result, fields), order)
  }
}
