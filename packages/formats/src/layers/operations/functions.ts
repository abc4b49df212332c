// Functions of one value and of two in a functional graph that TensorFlow has no operator of the same name for: parts of numbers,
// comparisons within a tolerance, shifts of bits. keras/src/ops/{numpy,math,core}.py

import { binary, broadcastShape, cast, clip, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { fullLike } from '@whyslow/graph/builder/shapes.ts'
import { isFloat } from '@whyslow/graph/dtype.ts'
import type { DType } from '@whyslow/graph/types.ts'
import { floorDivide } from '../../tensorflow/arithmetic.ts'
import { isNan, LOGICAL } from '../../tensorflow/functions.ts'
import { dtypeIn } from '../arguments.ts'
import { flagIn, float, numberIn, type Operation, tensor, tensorsOfOneType, type WriteOperation } from './operation.ts'

const ofReal =
  (write: (op: Operation, x: Value) => Value): WriteOperation =>
  (op) =>
    write(op, float(op, 0))

/** Both in one type, which is a float. */
const ofTwoReal =
  (write: (op: Operation, a: Value, b: Value) => Value): WriteOperation =>
  (op) => {
    const [a, b] = tensorsOfOneType(op, 0, 2).map((x) => (isFloat(x.dtype) ? x : cast(op.builder, x, 'float32'))) as [
      Value,
      Value,
    ]
    return write(op, a, b)
  }

const times = (factor: number) => ofReal(({ builder }, x) => withNumber(builder, 'Mul', x, factor))

const infinite =
  (positive: 0 | 1): WriteOperation =>
  (op) => {
    const x = float(op, 0)
    const attributes = { detect_positive: positive, detect_negative: 1 - positive }
    return op.builder.op('IsInf', [x], { dtype: 'bool', shape: x.shape }, attributes)
  }

export const functions: ReadonlyMap<string, WriteOperation> = new Map<string, WriteOperation>([
  ['Deg2rad', times(Math.PI / 180)],
  ['Rad2deg', times(180 / Math.PI)],
  // Of real numbers.
  ['Conj', (op) => tensor(op, 0)],
  ['Conjugate', (op) => tensor(op, 0)],
  ['Real', (op) => tensor(op, 0)],
  ['Imag', (op) => filledLike(op, tensor(op, 0), 0)],
  ['Isreal', (op) => cast(op.builder, filledLike(op, float(op, 0), 1), 'bool')],
  ['Angle', ofReal((op, x) => where(op.builder, isBelow(op, x), filledLike(op, x, Math.PI), filledLike(op, x, 0)))],
  ['Isposinf', infinite(1)],
  ['Isneginf', infinite(0)],
  ['Signbit', signBit],
  ['Cbrt', ofReal(cubeRoot)],
  ['Sinc', ofReal(sinc)],
  ['Erfinv', ofReal(inverseErf)],
  ['I0', ofReal(bessel)],
  ['Fmax', (op) => extreme(op, 'Max')],
  ['Fmin', (op) => extreme(op, 'Min')],
  ['Fmod', remainder],
  ['Heaviside', ofTwoReal(step)],
  ['Logaddexp2', ofTwoReal(logOfSum)],
  ['Ldexp', ofTwoReal(({ builder }, a, b) => binary(builder, 'Mul', a, binary(builder, 'Pow', scalar(builder, b.dtype, 2), b)))],
  ['Isclose', isClose],
  ['AllClose', (op) => all(op, isClose(op))],
  ['SaturateCast', saturated],
  ['BitwiseAnd', (op) => bits(op, LOGICAL.LogicalAnd!)],
  ['BitwiseOr', (op) => bits(op, LOGICAL.LogicalOr!)],
  ['BitwiseXor', (op) => bits(op, LOGICAL.LogicalXor!)],
  ['BitwiseInvert', inverted],
  ['BitwiseNot', inverted],
  ['BitwiseLeftShift', (op) => shifted(op, 'left')],
  ['LeftShift', (op) => shifted(op, 'left')],
  ['BitwiseRightShift', (op) => shifted(op, 'right')],
  ['RightShift', (op) => shifted(op, 'right')],
])

const filledLike = ({ builder }: Operation, x: Value, value: number): Value =>
  fullLike(builder, x, scalar(builder, x.dtype, value))

const isBelow = ({ builder }: Operation, x: Value): Value => withNumber(builder, 'Less', x, 0)

/** Also of -0, whose reciprocal is below 0. */
function signBit(op: Operation): Value {
  const { builder } = op
  const x = tensor(op, 0)
  if (x.dtype === 'bool') return cast(builder, filledLike(op, cast(builder, x, 'int32'), 0), 'bool')
  if (!isFloat(x.dtype)) return isBelow(op, x)
  return binary(builder, 'Or', isBelow(op, x), withNumber(builder, 'Equal', unary(builder, 'Reciprocal', x), -Infinity))
}

function cubeRoot({ builder }: Operation, x: Value): Value {
  return binary(builder, 'Mul', unary(builder, 'Sign', x), withNumber(builder, 'Pow', unary(builder, 'Abs', x), 1 / 3))
}

function sinc({ builder }: Operation, x: Value): Value {
  const angle = withNumber(builder, 'Mul', x, Math.PI)
  const share = binary(builder, 'Div', unary(builder, 'Sin', angle), angle)
  return where(builder, withNumber(builder, 'Equal', x, 0), scalar(builder, x.dtype, 1), share)
}

/** c[0] · xⁿ + … + c[n] */
const polynomial = ({ builder }: Operation, x: Value, [first, ...others]: readonly number[]): Value =>
  others.reduce(
    (sum, number) => withNumber(builder, 'Add', binary(builder, 'Mul', sum, x), number),
    scalar(builder, x.dtype, first!),
  )

/** Mike Giles, "Approximating the erfinv function" (GPU Computing Gems, 2011), in single precision. */
const ERFINV = {
  centre: [
    2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164, 0.246640727,
    1.50140941,
  ],
  tails: [
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047, 1.00167406,
    2.83297682,
  ],
}

function inverseErf(op: Operation, x: Value): Value {
  const { builder } = op
  const one = scalar(builder, x.dtype, 1)
  const product = binary(builder, 'Mul', binary(builder, 'Sub', one, x), binary(builder, 'Add', one, x))
  const w = unary(builder, 'Neg', unary(builder, 'Log', product))
  const centre = polynomial(op, withNumber(builder, 'Sub', w, 2.5), ERFINV.centre)
  const tails = polynomial(op, withNumber(builder, 'Sub', unary(builder, 'Sqrt', w), 3), ERFINV.tails)
  const inner = binary(builder, 'Mul', where(builder, withNumber(builder, 'Less', w, 5), centre, tails), x)
  const isEnd = withNumber(builder, 'Equal', unary(builder, 'Abs', x), 1)
  return where(builder, isEnd, binary(builder, 'Mul', x, scalar(builder, x.dtype, Infinity)), inner)
}

/** Modified Bessel function of order 0: Abramowitz and Stegun, 9.8.1 and 9.8.2. */
const BESSEL = {
  below: [0.0045813, 0.0360768, 0.2659732, 1.2067492, 3.0899424, 3.5156229, 1],
  above: [0.00392377, -0.01647633, 0.02635537, -0.02057706, 0.00916281, -0.00157565, 0.00225319, 0.01328592, 0.39894228],
}

function bessel(op: Operation, x: Value): Value {
  const { builder } = op
  const size = unary(builder, 'Abs', x)
  const share = withNumber(builder, 'Div', size, 3.75)
  const small = polynomial(op, binary(builder, 'Mul', share, share), BESSEL.below)
  const growth = binary(builder, 'Div', unary(builder, 'Exp', size), unary(builder, 'Sqrt', size))
  const large = binary(builder, 'Mul', growth, polynomial(op, unary(builder, 'Reciprocal', share), BESSEL.above))
  return where(builder, withNumber(builder, 'Less', size, 3.75), small, large)
}

/** The number of a pair where one of them is NaN. */
function extreme(op: Operation, opType: 'Max' | 'Min'): Value {
  const { builder } = op
  const [a, b] = tensorsOfOneType(op, 0, 2) as [Value, Value]
  const made = binary(builder, opType, a, b)
  if (!isFloat(a.dtype)) return made
  return where(builder, isNan(builder, a), b, where(builder, isNan(builder, b), a, made))
}

/** The remainder with the sign of the dividend, as in C. */
function remainder(op: Operation): Value {
  const [a, b] = tensorsOfOneType(op, 0, 2) as [Value, Value]
  return op.builder.op('Mod', [a, b], { dtype: a.dtype, shape: broadcastShape(a.shape, b.shape) }, { fmod: 1 })
}

function step(op: Operation, a: Value, b: Value): Value {
  const { builder } = op
  const isAbove = withNumber(builder, 'Greater', a, 0)
  const kept = where(builder, isAbove, scalar(builder, a.dtype, 1), b)
  return where(builder, isBelow(op, a), scalar(builder, a.dtype, 0), kept)
}

/** log2(2ᵃ + 2ᵇ), without powers of what is large. */
function logOfSum({ builder }: Operation, a: Value, b: Value): Value {
  const distance = unary(builder, 'Abs', binary(builder, 'Sub', a, b))
  const power = unary(builder, 'Exp', withNumber(builder, 'Mul', distance, -Math.LN2))
  const rest = withNumber(builder, 'Div', unary(builder, 'Log', withNumber(builder, 'Add', power, 1)), Math.LN2)
  return binary(builder, 'Add', binary(builder, 'Max', a, b), rest)
}

/** Tolerances stand among the settings, or behind the tensors. */
function isClose(op: Operation): Value {
  const { builder } = op
  const [a, b] = tensorsOfOneType(op, 0, 2) as [Value, Value]
  if (!isFloat(a.dtype)) return binary(builder, 'Equal', a, b)
  const tolerance = (place: number, key: string, fallback: number): number => {
    const told = op.args[place]
    return typeof told === 'number' ? told : numberIn(op, key, fallback)
  }
  const relative = withNumber(builder, 'Mul', unary(builder, 'Abs', b), tolerance(2, 'rtol', 1e-5))
  const most = withNumber(builder, 'Add', relative, tolerance(3, 'atol', 1e-8))
  const near = binary(builder, 'LessOrEqual', unary(builder, 'Abs', binary(builder, 'Sub', a, b)), most)
  if (!flagIn(op, 'equal_nan')) return near
  return binary(builder, 'Or', near, binary(builder, 'And', isNan(builder, a), isNan(builder, b)))
}

const all = ({ builder }: Operation, x: Value): Value =>
  cast(builder, reduce(builder, 'ReduceMin', cast(builder, x, 'int32')), 'bool')

/** Least and largest numbers of whole types that float32 can hold. */
const LIMITS: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
}

function saturated(op: Operation): Value {
  const dtype = dtypeIn(op.settings.dtype)
  const x = tensor(op, 0)
  if (dtype === undefined || (!isFloat(dtype) && LIMITS[dtype] === undefined && dtype !== x.dtype))
    throw op.refuse(`casts to ${JSON.stringify(op.settings.dtype ?? null)} within its limits, which is not written here`)
  const limits = LIMITS[dtype]
  return cast(op.builder, limits === undefined ? x : clip(op.builder, x, ...limits), dtype)
}

function bits(op: Operation, opType: string): Value {
  const [a, b] = tensorsOfOneType(op, 0, 2) as [Value, Value]
  if (a.dtype !== 'bool') throw op.refuse(`joins the bits of ${a.dtype}, for which ONNX has operators from opset 18 on alone`)
  return binary(op.builder, opType, a, b)
}

/** All bits of a whole number turned around are -x - 1. */
function inverted(op: Operation): Value {
  const x = tensor(op, 0)
  if (x.dtype === 'bool') return unary(op.builder, 'Not', x)
  if (x.dtype.startsWith('u')) throw op.refuse(`turns the bits of ${x.dtype} around, which is not written here`)
  return withNumber(op.builder, 'Sub', unary(op.builder, 'Neg', x), 1)
}

function shifted(op: Operation, way: 'left' | 'right'): Value {
  const { builder } = op
  const [a, b] = tensorsOfOneType(op, 0, 2) as [Value, Value]
  const power = cast(builder, binary(builder, 'Pow', scalar(builder, 'float32', 2), cast(builder, b, 'float32')), a.dtype)
  return way === 'left' ? binary(builder, 'Mul', a, power) : floorDivide(builder, a, power)
}
