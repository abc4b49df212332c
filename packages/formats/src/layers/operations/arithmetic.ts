// Arithmetic, comparisons, activations and reductions in a functional graph. keras/src/ops/{numpy,nn,math}.py

import { asBool, binary, broadcastShape, cast, clip, scalar, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { meanAndVariance, type Reduction, reduce, runningSum, softmax } from '@whyslow/graph/builder/reduce.ts'
import { flat } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import { ACTIVATION_NAMES, type ActivationSettings, activate, activationName } from '../../tensorflow/activation-functions.ts'
import {
  BINARY_FUNCTIONS,
  LOGICAL,
  operatorName,
  REAL_NUMBER_FUNCTIONS,
  UNARY_FUNCTIONS,
  WHOLE,
} from '../../tensorflow/functions.ts'
import { dtypeIn, isList } from '../arguments.ts'
import type { Argument } from '../layer.ts'
import {
  alikeOf,
  axesIn,
  axisIn,
  flagIn,
  float,
  numberIn,
  type Operation,
  positionOf,
  tensor,
  tensorsOfOneType,
  type WriteOperation,
} from './operation.ts'

/** Keras' names, and those of tf.math, if TensorFlow's operator has another. */
const ALIASES: Readonly<Record<string, string>> = {
  Absolute: 'Abs',
  Fabs: 'Abs',
  Negative: 'Neg',
  Arcsin: 'Asin',
  Arccos: 'Acos',
  Arctan: 'Atan',
  Arcsinh: 'Asinh',
  Arccosh: 'Acosh',
  Arctanh: 'Atanh',
  Isnan: 'IsNan',
  Isinf: 'IsInf',
  Isfinite: 'IsFinite',
  Subtract: 'Sub',
  Multiply: 'Mul',
  MultiplyNoNan: 'MulNoNan',
  Power: 'Pow',
  Divide: 'RealDiv',
  TrueDivide: 'RealDiv',
  Truediv: 'RealDiv',
  DivideNoNan: 'DivNoNan',
  FloorDivide: 'FloorDiv',
  Floordiv: 'FloorDiv',
  Floormod: 'FloorMod',
  Arctan2: 'Atan2',
}

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

/** Activations that keras.ops does not have, or that stand among the functions. */
const NO_OPERATIONS: ReadonlySet<string> = new Set(['linear', 'exponential', 'mish', 'softmax', 'tanh'])

const ACTIVATIONS = ['ReLU', ...ACTIVATION_NAMES.filter((name) => !NO_OPERATIONS.has(name)).map(operatorName)]

const table = <Entry>(
  entries: Readonly<Record<string, Entry>>,
  write: (entry: Entry, name: string) => WriteOperation,
): [string, WriteOperation][] => Object.entries(entries).map(([name, entry]) => [name, write(entry, name)])

const named = <Entry>(entries: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> => ({
  ...entries,
  ...Object.fromEntries(Object.entries(ALIASES).flatMap(([name, own]) => (own in entries ? [[name, entries[own]!]] : []))),
})

const bool = (op: Operation, k: number): Value => asBool(op.builder, tensor(op, k, 'bool'))

const isOf = (names: ReadonlySet<string>, name: string): boolean => names.has(ALIASES[name] ?? name)

/** The first argument; truths count as 0 and 1. */
function counted(op: Operation): Value {
  const x = tensor(op, 0)
  return x.dtype === 'bool' ? cast(op.builder, x, 'int32') : x
}

const { Inv: _, ...REAL_FUNCTIONS } = UNARY_FUNCTIONS

/** What is called with tensors alone: of one, and of two. */
export const plainOfOne: ReadonlyMap<string, WriteOperation> = new Map([
  // TensorFlow's Inv is 1 / x, Keras' is the inverse of a matrix.
  ...table(named(REAL_FUNCTIONS), (write, name) => (op) => write(op.builder, isOf(WHOLE, name) ? counted(op) : float(op, 0))),
  ['LogicalNot', (op: Operation) => unary(op.builder, 'Not', bool(op, 0))],
])

export const plainOfTwo: ReadonlyMap<string, WriteOperation> = new Map([
  ...table(
    named(BINARY_FUNCTIONS),
    (write, name) => (op) => write(op.builder, ...(isOf(REAL_NUMBER_FUNCTIONS, name) ? floats(op) : pair(op))),
  ),
  ...table(LOGICAL, (opType) => (op) => binary(op.builder, opType, bool(op, 0), bool(op, 1))),
])

export const arithmetic: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ...plainOfOne,
  ...plainOfTwo,
  ...ACTIVATIONS.map((name): [string, WriteOperation] => [name, (op) => activation(op, name)]),
  ...table(REDUCTIONS, (reduction) => (op) => {
    const x = asTold(op, tensor(op, 0))
    const given = x.dtype === 'bool' ? cast(op.builder, x, 'int32') : x
    const made = reduce(op.builder, reduction as Reduction, given, {
      axes: axesIn(op, x.shape.length),
      keepDims: flagIn(op, 'keepdims'),
    })
    const { initial } = op.settings
    if (!(reduction in BOUNDED)) return made
    if (typeof initial !== 'number') return cast(op.builder, made, x.dtype)
    return withNumber(op.builder, BOUNDED[reduction as keyof typeof BOUNDED], made, initial)
  }),
  ['Log2', (op) => withNumber(op.builder, 'Div', unary(op.builder, 'Log', float(op, 0)), Math.LN2)],
  ['Log10', (op) => withNumber(op.builder, 'Div', unary(op.builder, 'Log', float(op, 0)), Math.LN10)],
  ['Exp2', (op) => unary(op.builder, 'Exp', withNumber(op.builder, 'Mul', float(op, 0), Math.LN2))],
  ['Hypot', hypotenuse],
  ['Logaddexp', logOfSum],
  // Towards zero.
  [
    'Trunc',
    (op) => {
      const x = tensor(op, 0)
      if (!isFloat(x.dtype)) return x
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

const pair = (op: Operation) => tensorsOfOneType(op, 0, 2) as [Value, Value]

function floats(op: Operation): [Value, Value] {
  const [a, b] = pair(op)
  const inFloat = (x: Value) => (isFloat(x.dtype) ? x : cast(op.builder, x, 'float32'))
  return [inFloat(a), inFloat(b)]
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

function round(op: Operation): Value {
  const decimals = numberIn(op, 'decimals', 0)
  const x = tensor(op, 0)
  if (decimals === 0 || (decimals > 0 && !isFloat(x.dtype))) return plainOfOne.get('Rint')!(op) as Value
  const factor = 10 ** decimals
  const whole = unary(op.builder, 'Round', withNumber(op.builder, 'Mul', float(op, 0), factor))
  return cast(op.builder, withNumber(op.builder, 'Div', whole, factor), x.dtype)
}

function clipped(op: Operation): Value {
  const x = tensor(op, 0)
  const { x_min: low, x_max: high } = op.settings
  const isLimit = (value: unknown) => value === undefined || value === null || typeof value === 'number'
  if (!isLimit(low) || !isLimit(high)) throw op.refuse('has limits that are not numbers')
  return clip(op.builder, x, (low as number | null) ?? undefined, (high as number | null) ?? undefined)
}

function overAxes(op: Operation, reduction: Reduction): Value {
  const x = float(op, 0)
  return reduce(op.builder, reduction, x, { axes: axesIn(op, x.shape.length), keepDims: flagIn(op, 'keepdims') })
}

function variance(op: Operation): Value {
  const x = float(op, 0)
  return meanAndVariance(op.builder, x, axesIn(op, x.shape.length), flagIn(op, 'keepdims')).variance
}

function norm(op: Operation): Value {
  const x = float(op, 0)
  return normOf(op, x, { ord: op.settings.ord ?? null, axes: axesIn(op, x.shape.length), keepDims: flagIn(op, 'keepdims') })
}

interface NormParts {
  readonly ord: Argument
  readonly axes: readonly number[] | undefined
  readonly keepDims: boolean
}

/** The norm of vectors along one axis, or of matrices along two; Keras writes infinite orders as words. */
function normOf(op: Operation, x: Value, { ord: told, axes, keepDims }: NormParts): Value {
  const { builder } = op
  const ord = typeof told === 'string' && /inf/i.test(told) ? (told.startsWith('-') ? -Infinity : Infinity) : told
  const parts = { axes, keepDims }
  const size = unary(builder, 'Abs', x)
  const single = axes?.length === 1 || x.shape.length === 1
  if (ord === null || ord === 'euclidean' || ord === 'fro' || (ord === 2 && single)) return reduce(builder, 'ReduceL2', x, parts)
  if (typeof ord !== 'number') throw op.refuse(`takes the norm of order ${JSON.stringify(told)}, which is not written here`)
  if (single) {
    if (Math.abs(ord) === Infinity) return reduce(builder, ord > 0 ? 'ReduceMax' : 'ReduceMin', size, parts)
    if (ord === 1) return reduce(builder, 'ReduceSum', size, parts)
    if (ord === 0) return reduce(builder, 'ReduceSum', cast(builder, cast(builder, x, 'bool'), x.dtype), parts)
    const sum = reduce(builder, 'ReduceSum', withNumber(builder, 'Pow', size, ord), parts)
    return withNumber(builder, 'Pow', sum, 1 / ord)
  }
  const [rows, columns] = axes ?? [0, 1]
  const isByColumns = Math.abs(ord) === 1
  if ((!isByColumns && Math.abs(ord) !== Infinity) || rows === undefined || columns === undefined)
    throw op.refuse(`takes the norm of order ${ord} of matrices, for which ONNX has no operator`)
  const sums = reduce(builder, 'ReduceSum', size, { axes: [isByColumns ? rows : columns], keepDims: true })
  const made = reduce(builder, ord > 0 ? 'ReduceMax' : 'ReduceMin', sums, { axes: [rows, columns], keepDims })
  return made
}

function holds(op: Operation, reduction: 'ReduceMax' | 'ReduceMin'): Value {
  const x = bool(op, 0)
  const parts = { axes: axesIn(op, x.shape.length), keepDims: flagIn(op, 'keepdims') }
  return cast(op.builder, reduce(op.builder, reduction, cast(op.builder, x, 'int32'), parts), 'bool')
}

/** Keras 3 counts positions in int32, TensorFlow's functions in the type that they are told. */
function position(op: Operation, opType: 'ArgMax' | 'ArgMin'): Value {
  return cast(op.builder, positionOf(op, opType, counted(op)), dtypeIn(op.settings.dtype) ?? 'int32')
}

/** Casts to the type that the operation sets, if it sets one. */
function asTold(op: Operation, x: Value): Value {
  const dtype = dtypeIn(op.settings.dtype)
  return dtype === undefined ? x : cast(op.builder, x, dtype)
}

function cumulated(op: Operation): Value {
  const told = asTold(op, tensor(op, 0))
  const x = told.dtype === 'bool' ? cast(op.builder, told, 'int32') : told
  const all = (op.settings.axis ?? null) === null
  const axis = all ? 0 : axisIn(op, x.shape.length)
  const ways = { exclusive: flagIn(op, 'exclusive'), reverse: flagIn(op, 'reverse') }
  return runningSum(op.builder, all ? flat(op.builder, x) : x, axis, ways)
}

function normalized(op: Operation): Value {
  const x = float(op, 0)
  const axes = axesIn(op, x.shape.length) ?? [x.shape.length - 1]
  const order = op.settings.order ?? 2
  if (order !== 2) {
    const length = normOf(op, x, { ord: order, axes, keepDims: true })
    return binary(op.builder, 'Div', x, withNumber(op.builder, 'Max', length, numberIn(op, 'epsilon', 1e-7)))
  }
  const sum = reduce(op.builder, 'ReduceSum', binary(op.builder, 'Mul', x, x), { axes, keepDims: true })
  const epsilon = numberIn(op, 'epsilon', 1e-7)
  const least = scalar(op.builder, x.dtype, flagIn(op, 'squared') ? epsilon : epsilon * epsilon)
  const bounded = op.builder.op('Max', [sum, least], { dtype: x.dtype, shape: broadcastShape(sum.shape, []) })
  return binary(op.builder, 'Div', x, unary(op.builder, 'Sqrt', bounded))
}
