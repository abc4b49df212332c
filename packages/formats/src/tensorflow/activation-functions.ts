// Activation functions of TensorFlow's family, under the names that Keras gives them:
// https://github.com/keras-team/keras/blob/master/keras/src/activations/activations.py
// Names are shared by versions, meanings are not: hard_sigmoid is clip(0.2·x + 0.5, 0, 1) in Keras 1 and 2 and in TensorFlow.js, and
// relu6(x + 3) / 6 in Keras 3, so whoever asks says the slope.

import { binary, clip, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indicesBelow, reduce, runningSum, softmax, topK } from '@whyslow/graph/builder/reduce.ts'
import { axisOf, reshape, split } from '@whyslow/graph/builder/shapes.ts'

/** What a function can be told; each reads its own. Absent: Keras 3's default for the function. */
export interface ActivationSettings {
  /** elu, celu. */
  readonly alpha?: number | undefined
  /** relu, leaky_relu. */
  readonly negativeSlope?: number | undefined
  /** relu: undefined for no limit. */
  readonly maxValue?: number | undefined
  /** relu, threshold, hard_shrink, soft_shrink. */
  readonly threshold?: number | undefined
  /** threshold: what stands below it. */
  readonly value?: number | undefined
  /** squareplus. */
  readonly b?: number | undefined
  /** gelu: by tanh. */
  readonly approximate?: boolean | undefined
  /** softmax, log_softmax, glu, sparsemax. */
  readonly axis?: number | undefined
  /** hard_sigmoid and hard_silu. */
  readonly slope?: number | undefined
}

type Write = (builder: GraphBuilder, x: Value, settings: ActivationSettings) => Value

/** Slope of hard_sigmoid in Keras 3, and in all others. */
export const HARD_SIGMOID_SLOPE = { keras3: 1 / 6, others: 0.2 } as const

const FUNCTIONS: Readonly<Record<string, Write>> = {
  linear: (_, x) => x,
  relu,
  relu6: (builder, x) => clip(builder, x, 0, 6),
  leaky_relu: (builder, x, { negativeSlope = 0.2 }) => leaky(builder, x, negativeSlope),
  sigmoid: (builder, x) => unary(builder, 'Sigmoid', x),
  tanh: (builder, x) => unary(builder, 'Tanh', x),
  softmax: (builder, x, { axis = -1 }) => softmax(builder, x, [axis]),
  log_softmax: (builder, x, { axis = -1 }) => unary(builder, 'LogSoftmax', x, { axis: axisOf(axis, x.shape.length) }),
  elu: (builder, x, { alpha = 1 }) => unary(builder, 'Elu', x, { alpha: { float: alpha } }),
  selu: (builder, x) => unary(builder, 'Selu', x, { alpha: 1.6732632423543772, gamma: 1.0507009873554805 }),
  celu: (builder, x, { alpha = 1 }) => unary(builder, 'Celu', x, { alpha: { float: alpha } }),
  softplus: (builder, x) => unary(builder, 'Softplus', x),
  softsign: (builder, x) => unary(builder, 'Softsign', x),
  exponential: (builder, x) => unary(builder, 'Exp', x),
  hard_sigmoid: (builder, x, { slope = HARD_SIGMOID_SLOPE.keras3 }) => hardSigmoid(builder, x, slope),
  silu: (builder, x) => binary(builder, 'Mul', x, unary(builder, 'Sigmoid', x)),
  hard_silu: (builder, x) => unary(builder, 'HardSwish', x),
  hard_tanh: (builder, x) => clip(builder, x, -1, 1),
  gelu,
  mish: (builder, x) => binary(builder, 'Mul', x, unary(builder, 'Tanh', unary(builder, 'Softplus', x))),
  glu,
  log_sigmoid: (builder, x) => unary(builder, 'Neg', unary(builder, 'Softplus', unary(builder, 'Neg', x))),
  sparse_sigmoid: (builder, x) => hardSigmoid(builder, x, 0.5),
  sparse_plus: sparsePlus,
  squareplus,
  soft_shrink: (builder, x, { threshold = 0.5 }) => shrink(builder, x, { lambd: threshold, bias: threshold }),
  hard_shrink: (builder, x, { threshold = 0.5 }) => shrink(builder, x, { lambd: threshold, bias: 0 }),
  tanh_shrink: (builder, x) => binary(builder, 'Sub', x, unary(builder, 'Tanh', x)),
  threshold: (builder, x, { threshold = 0, value = 0 }) => above(builder, x, { threshold, below: value }),
  sparsemax,
}

/** All, as Keras calls them. */
export const ACTIVATION_NAMES: readonly string[] = Object.keys(FUNCTIONS)

/** Other names of the same functions: of TensorFlow's own modules, of Keras' aliases, of TensorFlow.js in its spelling. */
const ALIASES: Readonly<Record<string, string>> = {
  swish: 'silu',
  hard_swish: 'hard_silu',
  exp: 'exponential',
  gelu_new: 'gelu',
  re_lu: 'relu',
  re_lu6: 'relu6',
}

/** Keras' name of the function that `name` asks for ('hardSigmoid' is 'hard_sigmoid'); undefined if there is none. */
export function activationName(name: string): string | undefined {
  const snake = name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toLowerCase()
  const own = Object.hasOwn(ALIASES, snake) ? ALIASES[snake]! : snake
  return Object.hasOwn(FUNCTIONS, own) ? own : undefined
}

/** `name`: as `activationName` gives it. */
export function activate(builder: GraphBuilder, name: string, x: Value, settings: ActivationSettings = {}): Value {
  return FUNCTIONS[name]!(builder, x, settings)
}

/** Such a function inside ONNX's RNN, GRU and LSTM; undefined if they have none like it. */
export interface RecurrentActivation {
  readonly name: string
  /** The numbers that the function takes, where it takes any. */
  readonly alpha?: number
  readonly beta?: number
}

export function recurrentActivation(name: string, settings: ActivationSettings = {}): RecurrentActivation | undefined {
  const { negativeSlope, maxValue, threshold = 0, alpha = 1, slope = HARD_SIGMOID_SLOPE.keras3 } = settings
  if (name === 'relu' && maxValue === undefined && threshold === 0)
    return (negativeSlope ?? 0) === 0 ? { name: 'Relu' } : { name: 'LeakyRelu', alpha: negativeSlope! }
  const forms: Readonly<Record<string, RecurrentActivation>> = {
    linear: { name: 'Affine', alpha: 1, beta: 0 },
    sigmoid: { name: 'Sigmoid' },
    tanh: { name: 'Tanh' },
    hard_sigmoid: { name: 'HardSigmoid', alpha: slope, beta: 0.5 },
    leaky_relu: { name: 'LeakyRelu', alpha: negativeSlope ?? 0.2 },
    elu: { name: 'Elu', alpha },
    softsign: { name: 'Softsign' },
    softplus: { name: 'Softplus' },
  }
  return forms[name]
}

/** Below the threshold: slope · (x - threshold); above: x, up to the limit. */
function relu(builder: GraphBuilder, x: Value, settings: ActivationSettings): Value {
  const { negativeSlope = 0, maxValue, threshold = 0 } = settings
  if (negativeSlope === 0 && threshold === 0)
    return maxValue === undefined ? unary(builder, 'Relu', x) : clip(builder, x, 0, maxValue)
  if (maxValue === undefined && threshold === 0) return leaky(builder, x, negativeSlope)
  const kept = threshold === 0 ? unary(builder, 'Relu', x) : above(builder, x, { threshold, below: 0 })
  const limited = maxValue === undefined ? kept : clip(builder, kept, 0, maxValue)
  if (negativeSlope === 0) return limited
  const under = unary(builder, 'Relu', binary(builder, 'Sub', scalar(builder, x.dtype, threshold), x))
  return binary(builder, 'Sub', limited, withNumber(builder, 'Mul', under, negativeSlope))
}

const leaky: (builder: GraphBuilder, x: Value, slope: number) => Value = (builder, x, slope) =>
  unary(builder, 'LeakyRelu', x, { alpha: { float: slope } })

const hardSigmoid: (builder: GraphBuilder, x: Value, slope: number) => Value = (builder, x, slope) =>
  unary(builder, 'HardSigmoid', x, { alpha: { float: slope }, beta: 0.5 })

function shrink(builder: GraphBuilder, x: Value, { lambd, bias }: { readonly lambd: number; readonly bias: number }): Value {
  return unary(builder, 'Shrink', x, { lambd: { float: lambd }, bias: { float: bias } })
}

/** x where it is larger than the threshold. */
function above(
  builder: GraphBuilder,
  x: Value,
  { threshold, below }: { readonly threshold: number; readonly below: number },
): Value {
  if (below === 0) return unary(builder, 'ThresholdedRelu', x, { alpha: { float: threshold } })
  return where(builder, withNumber(builder, 'Greater', x, threshold), x, scalar(builder, x.dtype, below))
}

/** A GELU in the forms that onnxruntime's GeluFusion and FastGeluFusion look for. */
function gelu(builder: GraphBuilder, x: Value, { approximate = false }: ActivationSettings): Value {
  if (approximate) {
    const square = withNumber(builder, 'Mul', binary(builder, 'Mul', x, x), 0.044715)
    const scaled = withNumber(builder, 'Mul', x, Math.sqrt(2 / Math.PI))
    const inner = binary(builder, 'Mul', scaled, withNumber(builder, 'Add', square, 1))
    const outer = withNumber(builder, 'Add', unary(builder, 'Tanh', inner), 1)
    return binary(builder, 'Mul', withNumber(builder, 'Mul', x, 0.5), outer)
  }
  const erf = unary(builder, 'Erf', withNumber(builder, 'Div', x, Math.SQRT2))
  return withNumber(builder, 'Mul', binary(builder, 'Mul', x, withNumber(builder, 'Add', erf, 1)), 0.5)
}

/** The first half of the axis, as far as the second half lets it through. */
function glu(builder: GraphBuilder, x: Value, { axis = -1 }: ActivationSettings): Value {
  const size = knownSize(x, axis)
  if (size % 2 !== 0) throw new RangeError(`glu halves an axis, which has ${size} cells`)
  const [first, second] = split(builder, x, [size / 2, size / 2], axis)
  return binary(builder, 'Mul', first!, unary(builder, 'Sigmoid', second!))
}

/** 0 up to -1, x from 1 on, a parabola between. */
function sparsePlus(builder: GraphBuilder, x: Value): Value {
  const raised = withNumber(builder, 'Add', clip(builder, x, -1, 1), 1)
  const parabola = withNumber(builder, 'Mul', binary(builder, 'Mul', raised, raised), 0.25)
  return where(builder, withNumber(builder, 'Less', x, 1), parabola, x)
}

function squareplus(builder: GraphBuilder, x: Value, { b = 4 }: ActivationSettings): Value {
  const root = unary(builder, 'Sqrt', withNumber(builder, 'Add', binary(builder, 'Mul', x, x), b))
  return withNumber(builder, 'Mul', binary(builder, 'Add', x, root), 0.5)
}

/**
 * max(x - tau, 0). Keras sums the running sums where the paper (arXiv:1602.02068) takes the last of them; what its models were
 * trained with is what they are run with: `sparsemax` in keras/src/backend/tensorflow/nn.py.
 */
function sparsemax(builder: GraphBuilder, x: Value, { axis = -1 }: ActivationSettings): Value {
  const at = axisOf(axis, x.shape.length)
  const size = knownSize(x, axis)
  const [sorted] = topK(builder, x, size, { axis: at })
  const sums = runningSum(builder, sorted, at)
  const ranks = withNumber(builder, 'Add', indicesBelow(builder, x.dtype, size), 1)
  const counted = reshape(
    builder,
    ranks,
    x.shape.map((_, k) => (k === at ? size : 1)),
  )
  const share = binary(builder, 'Div', withNumber(builder, 'Sub', sums, 1), counted)
  const supported = binary(builder, 'Greater', sorted, share)
  const one = scalar(builder, x.dtype, 1)
  const none = scalar(builder, x.dtype, 0)
  const overAxis = { axes: [at], keepDims: true }
  const total = reduce(builder, 'ReduceSum', where(builder, supported, sums, none), overAxis)
  const count = reduce(builder, 'ReduceSum', where(builder, supported, one, none), overAxis)
  const tau = binary(builder, 'Div', binary(builder, 'Sub', total, one), count)
  return unary(builder, 'Relu', binary(builder, 'Sub', x, tau))
}

function knownSize(x: Value, axis: number): number {
  const size = x.shape[axisOf(axis, x.shape.length)]!
  if (typeof size !== 'number') throw new RangeError(`the size of axis ${axis} must be known`)
  return size
}
