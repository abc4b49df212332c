// What becomes of margins, as nodes. Sigmoid and Softmax of float32 are written out where an engine's own would lose what is small:
// onnxruntime's Sigmoid gives 1.5e-8 for everything below it.

import { binary, cast, clip, constantOf, scalar, unary, where, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { indexOf, reduce, runningSum, softmax, topK } from '@whyslow/graph/builder/reduce.ts'
import { concat } from '@whyslow/graph/builder/shapes.ts'
import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { DenseLayer, Transform } from '@whyslow/graph/forest/types.ts'

/** XGBoost's cut before expf. */
const LARGEST_EXPONENT = 88.7

export function writeTransform(builder: GraphBuilder, transform: Transform, value: Value): Value {
  const written = 'precision' in transform ? cast(builder, value, transform.precision) : value
  const width = widthAfterTransform(transform, Number(value.shape[1]))
  return { ...write(builder, transform, written), shape: [value.shape[0]!, width] }
}

function write(builder: GraphBuilder, transform: Transform, x: Value): Value {
  switch (transform.kind) {
    case 'logistic':
      return logistic(builder, x, transform.slope)
    case 'pair':
      return concat(builder, [binary(builder, 'Sub', scalar(builder, x.dtype, 1), x), x], 1)
    case 'softmax':
      return softmax(builder, x, [1])
    case 'exp':
      return unary(builder, 'Exp', x)
    case 'log1p-exp':
      return unary(builder, 'Log', binary(builder, 'Add', scalar(builder, x.dtype, 1), unary(builder, 'Exp', x)))
    case 'signed-square':
      return binary(builder, 'Mul', x, unary(builder, 'Abs', x))
    case 'step':
      return cast(builder, withNumber(builder, 'Greater', x, 0), x.dtype)
    case 'arg-max':
      return cast(builder, indexOf(builder, 'ArgMax', x, { axis: 1, keepDims: true }), x.dtype)
    case 'normalize':
      return normalize(builder, x)
    case 'sort':
      return topK(builder, x, Number(x.shape[1]), { axis: 1, smallest: true })[0]
    case 'expectiles':
      return expectiles(builder, x)
    case 'divide':
      return withNumber(builder, 'Div', x, transform.by)
    case 'isolation':
      return withNumber(
        builder,
        'Sub',
        unary(builder, 'Neg', binary(builder, 'Pow', scalar(builder, x.dtype, 2), x)),
        transform.offset,
      )
    case 'clip':
      return clip(builder, x, transform.low, transform.high)
  }
}

/** 1 / (1 + exp(−slope · x)). */
export function logistic(builder: GraphBuilder, x: Value, slope: number): Value {
  const one = scalar(builder, x.dtype, 1)
  const negative = slope === 1 ? unary(builder, 'Neg', x) : withNumber(builder, 'Mul', x, -slope)
  const power = x.dtype === 'float32' ? withNumber(builder, 'Min', negative, LARGEST_EXPONENT) : negative
  return binary(builder, 'Div', one, binary(builder, 'Add', unary(builder, 'Exp', power), one))
}

function normalize(builder: GraphBuilder, x: Value): Value {
  const sum = reduce(builder, 'ReduceSum', x, { axes: [1], keepDims: true })
  const isZero = withNumber(builder, 'Equal', sum, 0)
  return where(builder, isZero, scalar(builder, x.dtype, 1 / Number(x.shape[1])), binary(builder, 'Div', x, sum))
}

/** The first, and the others on the running sum of their softplus, each 1e-6 further. */
function expectiles(builder: GraphBuilder, x: Value): Value {
  const width = Number(x.shape[1])
  if (width === 1) return x
  const first = Array.from({ length: width }, (_, k) => (k === 0 ? 1 : 0))
  const isFirst = builder.constant(constantOf('bool', [width], first))
  return runningSum(builder, where(builder, isFirst, x, withNumber(builder, 'Add', softplus(builder, x), 1e-6)), 1)
}

/** max(x, 0) + ln(1 + exp −|x|): no Softplus of doubles is everywhere. */
function softplus(builder: GraphBuilder, x: Value): Value {
  const power = unary(builder, 'Exp', unary(builder, 'Neg', unary(builder, 'Abs', x)))
  return binary(builder, 'Add', unary(builder, 'Relu', x), unary(builder, 'Log', withNumber(builder, 'Add', power, 1)))
}

/** What a layer does to its sums. */
export function writeActivation(builder: GraphBuilder, { activation, alpha = 0 }: DenseLayer, x: Value): Value {
  switch (activation) {
    case 'identity':
      return x
    case 'relu':
      return unary(builder, 'Relu', x)
    case 'leaky-relu':
      return unary(builder, 'LeakyRelu', x, { alpha: { float: alpha } })
    case 'elu':
      return unary(builder, 'Elu', x, { alpha: { float: alpha } })
    case 'tanh':
      return unary(builder, 'Tanh', x)
    case 'logistic':
      return logistic(builder, x, 1)
    case 'softplus':
      return softplus(builder, x)
    case 'softmax':
      return softmax(builder, x, [1])
  }
}
