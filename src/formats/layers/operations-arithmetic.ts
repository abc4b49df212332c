// Arithmetic, comparisons, activations and reductions in a functional graph. keras/src/ops/{numpy,nn,math}.py
import { isFloat } from '../../graph/dtype.ts'
import type { Value } from '../build/graph-builder.ts'
import { type ActivationSettings, activate, activationName } from '../tensorflow/activation-functions.ts'
import { arcTangent, divideNoNan, floorDivide, squaredDifference } from '../tensorflow/arithmetic.ts'
import { binary, broadcastShape, cast, clip, scalar, unary, withNumber } from '../tensorflow/broadcast.ts'
import { indexOf, type Reduction, reduce, softmax } from '../tensorflow/reduce.ts'
import { reshape } from '../tensorflow/shapes.ts'
import { dtypeIn, isList } from './arguments.ts'
import {
  alike,
  alikeOf,
  axesIn,
  axisIn,
  flagIn,
  float,
  numberIn,
  type Operation,
  tensor,
  type WriteOperation,
} from './operation.ts'

/** Functions of one number that ONNX has under another name or the same. */
const UNARY: Readonly<Record<string, string>> = {
  Absolute: 'Abs',
  Abs: 'Abs',
  Fabs: 'Abs',
  Negative: 'Neg',
  Sign: 'Sign',
}

/** Those whose result is float whatever comes in. */
const UNARY_FLOAT: Readonly<Record<string, string>> = {
  Exp: 'Exp',
  Log: 'Log',
  Sqrt: 'Sqrt',
  Sin: 'Sin',
  Cos: 'Cos',
  Tan: 'Tan',
  Sinh: 'Sinh',
  Cosh: 'Cosh',
  Tanh: 'Tanh',
  Arcsin: 'Asin',
  Arccos: 'Acos',
  Arctan: 'Atan',
  Arcsinh: 'Asinh',
  Arccosh: 'Acosh',
  Arctanh: 'Atanh',
  Reciprocal: 'Reciprocal',
  Erf: 'Erf',
  Ceil: 'Ceil',
  Floor: 'Floor',
}

const BINARY: Readonly<Record<string, string>> = {
  Add: 'Add',
  Subtract: 'Sub',
  Multiply: 'Mul',
  Power: 'Pow',
  Maximum: 'Max',
  Minimum: 'Min',
  Equal: 'Equal',
  Greater: 'Greater',
  GreaterEqual: 'GreaterOrEqual',
  Less: 'Less',
  LessEqual: 'LessOrEqual',
}

const LOGICAL: Readonly<Record<string, string>> = { LogicalAnd: 'And', LogicalOr: 'Or', LogicalXor: 'Xor' }

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  Sum: 'ReduceSum',
  Prod: 'ReduceProd',
  Max: 'ReduceMax',
  Amax: 'ReduceMax',
  Min: 'ReduceMin',
  Amin: 'ReduceMin',
}

/** Reductions that may be told what they begin with. */
const BOUNDED = { ReduceMax: 'Max', ReduceMin: 'Min' } as const

const ACTIVATIONS = [
  'Relu',
  'Relu6',
  'Sigmoid',
  'SparseSigmoid',
  'Softplus',
  'Softsign',
  'SoftShrink',
  'SparsePlus',
  'Silu',
  'Squareplus',
  'LogSigmoid',
  'LeakyRelu',
  'HardSigmoid',
  'HardSilu',
  'Elu',
  'Selu',
  'Gelu',
  'Celu',
  'Glu',
  'TanhShrink',
  'HardTanh',
  'HardShrink',
  'Threshold',
  'LogSoftmax',
  'Sparsemax',
  'ReLU',
]

const table = (names: Readonly<Record<string, string>>, write: (opType: string) => WriteOperation): [string, WriteOperation][] =>
  Object.entries(names).map(([name, opType]) => [name, write(opType)])

const bool = (op: Operation, k: number): Value => truth(op, tensor(op, k, 'bool'))

function truth({ builder }: Operation, x: Value): Value {
  return x.dtype === 'bool' ? x : unary(builder, 'Not', withNumber(builder, 'Equal', x, 0))
}

export const arithmetic: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ...table(UNARY, (opType) => (op) => unary(op.builder, opType, tensor(op, 0))),
  ...table(UNARY_FLOAT, (opType) => (op) => unary(op.builder, opType, float(op, 0))),
  ...table(BINARY, (opType) => (op) => {
    const [a, b] = alike(op, 0, 2)
    return binary(op.builder, opType, a!, b!)
  }),
  ...table(LOGICAL, (opType) => (op) => binary(op.builder, opType, bool(op, 0), bool(op, 1))),
  ...ACTIVATIONS.map((name): [string, WriteOperation] => [name, (op) => activation(op, name)]),
  ...table(REDUCTIONS, (reduction) => (op) => {
    const x = asTold(op, tensor(op, 0))
    const given = x.dtype === 'bool' ? cast(op.builder, x, 'int32') : x
    const made = reduce(op.builder, reduction as Reduction, given, {
      axes: axesIn(op, x.shape.length),
      keepDims: flagIn(op, 'keepdims'),
    })
    const { initial } = op.settings
    if (typeof initial !== 'number' || !(reduction in BOUNDED)) return made
    return withNumber(op.builder, BOUNDED[reduction as keyof typeof BOUNDED], made, initial)
  }),
  [
    'NotEqual',
    (op) => {
      const [a, b] = alike(op, 0, 2)
      return unary(op.builder, 'Not', binary(op.builder, 'Equal', a!, b!))
    },
  ],
  ['LogicalNot', (op) => unary(op.builder, 'Not', bool(op, 0))],
  ['Divide', divide],
  ['TrueDivide', divide],
  ['DivideNoNan', (op) => divideNoNan(op.builder, ...floats(op))],
  ['FloorDivide', (op) => floorDivide(op.builder, ...pair(op))],
  ['Mod', modulo],
  ['SquaredDifference', (op) => squaredDifference(op.builder, ...pair(op))],
  ['Square', (op) => binary(op.builder, 'Mul', tensor(op, 0), tensor(op, 0))],
  ['Rsqrt', (op) => unary(op.builder, 'Reciprocal', unary(op.builder, 'Sqrt', float(op, 0)))],
  ['Log1p', (op) => unary(op.builder, 'Log', withNumber(op.builder, 'Add', float(op, 0), 1))],
  ['Expm1', (op) => withNumber(op.builder, 'Sub', unary(op.builder, 'Exp', float(op, 0)), 1)],
  ['Log2', (op) => withNumber(op.builder, 'Div', unary(op.builder, 'Log', float(op, 0)), Math.LN2)],
  ['Log10', (op) => withNumber(op.builder, 'Div', unary(op.builder, 'Log', float(op, 0)), Math.LN10)],
  ['Exp2', (op) => unary(op.builder, 'Exp', withNumber(op.builder, 'Mul', float(op, 0), Math.LN2))],
  ['Isnan', (op) => tested(op, 'IsNaN')],
  ['Isinf', (op) => tested(op, 'IsInf')],
  ['Isfinite', (op) => unary(op.builder, 'Not', binary(op.builder, 'Or', tested(op, 'IsNaN'), tested(op, 'IsInf')))],
  ['Arctan2', (op) => arcTangent(op.builder, ...floats(op))],
  ['Hypot', hypotenuse],
  ['Logaddexp', logOfSum],
  // Towards zero.
  [
    'Trunc',
    (op) => {
      const x = float(op, 0)
      return binary(op.builder, 'Mul', unary(op.builder, 'Sign', x), unary(op.builder, 'Floor', unary(op.builder, 'Abs', x)))
    },
  ],
  ['AddN', (op) => sumOfList(op)],
  ['Round', round],
  ['Clip', clipped],
  [
    'Softmax',
    (op) => {
      const x = float(op, 0)
      return softmax(
        op.builder,
        x,
        axesIn(op, x.shape.length) ?? (op.settings.axis === null ? x.shape.map((_, k) => k) : [x.shape.length - 1]),
      )
    },
  ],
  ['Mean', (op) => overAxes(op, 'ReduceMean')],
  ['Logsumexp', (op) => overAxes(op, 'ReduceLogSumExp')],
  ['Var', (op) => variance(op)],
  ['Std', (op) => unary(op.builder, 'Sqrt', variance(op))],
  ['Norm', norm],
  ['Any', (op) => holds(op, 'ReduceMax')],
  ['All', (op) => holds(op, 'ReduceMin')],
  ['Argmax', (op) => position(op, 'ArgMax')],
  ['Argmin', (op) => position(op, 'ArgMin')],
  ['Cumsum', cumulated],
  ['Normalize', normalized],
])

function activation(op: Operation, className: string): Value {
  const setting = (key: string): number | undefined => {
    const value = op.settings[key] ?? undefined
    if (value !== undefined && typeof value !== 'number') throw op.refuse(`has no number for its ${key}`)
    return value
  }
  const settings: ActivationSettings = {
    alpha: setting('alpha'),
    negativeSlope: setting('negative_slope'),
    maxValue: setting('max_value'),
    threshold: setting('threshold'),
    value: setting('default_value'),
    b: setting('b'),
    // Of keras.ops.gelu, which does not always write it down.
    approximate: op.settings.approximate !== false,
    axis: setting('axis'),
    slope: op.dialect === 'keras-3' ? 1 / 6 : 0.2,
  }
  const name = activationName(className)
  if (name === undefined) throw op.refuse('is not known')
  try {
    return activate(op.builder, name, float(op, 0), settings)
  } catch (error) {
    if (error instanceof RangeError) throw op.refuse(error.message)
    throw error
  }
}

const pair = (op: Operation) => alike(op, 0, 2) as [Value, Value]

function floats(op: Operation): [Value, Value] {
  const [a, b] = pair(op)
  const inFloat = (x: Value) => (isFloat(x.dtype) ? x : cast(op.builder, x, 'float32'))
  return [inFloat(a), inFloat(b)]
}

function tested(op: Operation, opType: 'IsNaN' | 'IsInf'): Value {
  const x = float(op, 0)
  return op.builder.op(opType, [x], { dtype: 'bool', shape: x.shape })
}

function hypotenuse(op: Operation): Value {
  const [a, b] = floats(op).map((x) => binary(op.builder, 'Mul', x, x))
  return unary(op.builder, 'Sqrt', binary(op.builder, 'Add', a!, b!))
}

/** log(exp(a) + exp(b)), without exp of what is large. */
function logOfSum(op: Operation): Value {
  const { builder } = op
  const [a, b] = floats(op)
  const distance = unary(builder, 'Abs', binary(builder, 'Sub', a, b))
  const rest = unary(builder, 'Log', withNumber(builder, 'Add', unary(builder, 'Exp', unary(builder, 'Neg', distance)), 1))
  return binary(builder, 'Add', binary(builder, 'Max', a, b), rest)
}

function sumOfList(op: Operation): Value {
  const [given] = op.args
  return alikeOf(op, isList(given) ? given : op.args).reduce((sum, next) => binary(op.builder, 'Add', sum, next))
}

function divide(op: Operation): Value {
  return binary(op.builder, 'Div', ...floats(op))
}

/** With the sign of the divisor, as Python. */
function modulo(op: Operation): Value {
  const [a, b] = pair(op)
  if (!isFloat(a.dtype)) return binary(op.builder, 'Mod', a, b)
  return binary(op.builder, 'Sub', a, binary(op.builder, 'Mul', floorDivide(op.builder, a, b), b))
}

function round(op: Operation): Value {
  if ((op.settings.decimals ?? 0) !== 0) throw op.refuse('rounds to decimals, which ONNX does not')
  return unary(op.builder, 'Round', float(op, 0))
}

function clipped(op: Operation): Value {
  const x = tensor(op, 0)
  const { x_min: low, x_max: high } = op.settings
  const isLimit = (value: unknown) => value === undefined || value === null || typeof value === 'number'
  if (!isLimit(low) || !isLimit(high)) throw op.refuse('has limits that are no numbers')
  return clip(op.builder, x, (low as number | null) ?? undefined, (high as number | null) ?? undefined)
}

function overAxes(op: Operation, reduction: Reduction): Value {
  const x = float(op, 0)
  return reduce(op.builder, reduction, x, { axes: axesIn(op, x.shape.length), keepDims: flagIn(op, 'keepdims') })
}

function variance(op: Operation): Value {
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length)
  const difference = binary(op.builder, 'Sub', x, reduce(op.builder, 'ReduceMean', x, { axes, keepDims: true }))
  const square = binary(op.builder, 'Mul', difference, difference)
  return reduce(op.builder, 'ReduceMean', square, { axes, keepDims: flagIn(op, 'keepdims') })
}

function norm(op: Operation): Value {
  const { ord } = op.settings
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length)
  const parts = { axes, keepDims: flagIn(op, 'keepdims') }
  const single = axes?.length === 1 || x.shape.length === 1
  if (ord === undefined || ord === null || ord === 'euclidean' || ord === 'fro' || (ord === 2 && single))
    return reduce(op.builder, 'ReduceL2', x, parts)
  if (ord === 1 && single) return reduce(op.builder, 'ReduceSum', unary(op.builder, 'Abs', x), parts)
  throw op.refuse(`takes the norm of order ${JSON.stringify(ord)}, which is not written here`)
}

function holds(op: Operation, reduction: 'ReduceMax' | 'ReduceMin'): Value {
  const x = bool(op, 0)
  const parts = { axes: axesIn(op, x.shape.length), keepDims: flagIn(op, 'keepdims') }
  return cast(op.builder, reduce(op.builder, reduction, cast(op.builder, x, 'int32'), parts), 'bool')
}

/** Keras 3 counts positions in int32, TensorFlow's functions in the type that they are told. */
function position(op: Operation, opType: 'ArgMax' | 'ArgMin'): Value {
  const x = tensor(op, 0)
  const keepDims = flagIn(op, 'keepdims')
  const all = op.settings.axis === undefined || op.settings.axis === null
  if (all && keepDims) throw op.refuse('keeps the axes of a search over all of them, which is not written here')
  const row = all ? flat(op, x) : x
  const given = row.dtype === 'bool' ? cast(op.builder, row, 'int32') : row
  const axis = all ? 0 : axisIn(op, x.shape.length)
  const found = indexOf(op.builder, opType, given, { axis, keepDims })
  return cast(op.builder, found, dtypeIn(op.settings.dtype) ?? 'int32')
}

/** All elements in one axis. */
const flat = (op: Operation, x: Value): Value =>
  reshape(op.builder, x, [x.shape.every((size) => typeof size === 'number') ? countOf(x) : null])

const countOf = (x: Value): number => (x.shape as readonly number[]).reduce((product, size) => product * size, 1)

/** In the type that the operation is told, where it is told one. */
function asTold(op: Operation, x: Value): Value {
  const dtype = dtypeIn(op.settings.dtype)
  return dtype === undefined ? x : cast(op.builder, x, dtype)
}

function cumulated(op: Operation): Value {
  const told = asTold(op, tensor(op, 0))
  const x = told.dtype === 'bool' ? cast(op.builder, told, 'int32') : told
  const all = op.settings.axis === undefined || op.settings.axis === null
  const axis = all ? 0 : axisIn(op, x.shape.length)
  const at = op.builder.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(BigInt(axis)) })
  const ways = { exclusive: flagIn(op, 'exclusive') ? 1 : 0, reverse: flagIn(op, 'reverse') ? 1 : 0 }
  const given = all ? flat(op, x) : x
  return op.builder.op('CumSum', [given, at], given, ways)
}

function normalized(op: Operation): Value {
  const x = float(op, 0)
  const order = op.settings.order ?? 2
  if (order !== 2) throw op.refuse(`normalizes by order ${JSON.stringify(order)}, which is not written here`)
  const axes = axesIn(op, x.shape.length) ?? [x.shape.length - 1]
  const sum = reduce(op.builder, 'ReduceSum', binary(op.builder, 'Mul', x, x), { axes, keepDims: true })
  const epsilon = numberIn(op, 'epsilon', 1e-7)
  const least = scalar(op.builder, x.dtype, flagIn(op, 'squared') ? epsilon : epsilon * epsilon)
  const bounded = op.builder.op('Max', [sum, least], { dtype: x.dtype, shape: broadcastShape(sum.shape, []) })
  return binary(op.builder, 'Div', x, unary(op.builder, 'Sqrt', bounded))
}
