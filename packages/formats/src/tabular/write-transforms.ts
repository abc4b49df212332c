// What becomes of margins, as nodes. Sigmoid and Softmax of float32 are written out where an engine's own would lose what is small:
// onnxruntime's Sigmoid gives 1.5e-8 for everything below it.

import { widthAfterTransform } from '@whyslow/graph/forest/transform.ts'
import type { DenseLayer, Precision, Transform } from '@whyslow/graph/forest/types.ts'
import type { GraphBuilder, Value } from '../build/graph-builder.ts'
import { cast, concat, numbers } from './write-preparations.ts'

/** XGBoost's cut before expf. */
const LARGEST_EXPONENT = 88.7

export function writeTransform(builder: GraphBuilder, transform: Transform, value: Value): Value {
  const written = 'precision' in transform ? cast(builder, value, transform.precision) : value
  const width = widthAfterTransform(transform, Number(value.shape[1]))
  return { ...write(builder, transform, written), shape: [value.shape[0]!, width] }
}

function write(builder: GraphBuilder, transform: Transform, x: Value): Value {
  const precision = x.dtype as Precision
  const one = () => numbers(builder, precision, [], [1])
  switch (transform.kind) {
    case 'logistic':
      return logistic(builder, x, transform.slope)
    case 'pair':
      return concat(builder, [builder.op('Sub', [one(), x], x), x])
    case 'softmax':
      return builder.op('Softmax', [x], x, { axis: 1 })
    case 'exp':
      return builder.op('Exp', [x], x)
    case 'log1p-exp':
      return builder.op('Log', [builder.op('Add', [one(), builder.op('Exp', [x], x)], x)], x)
    case 'signed-square':
      return builder.op('Mul', [x, builder.op('Abs', [x], x)], x)
    case 'step':
      return step(builder, x)
    case 'arg-max':
      return argMax(builder, x)
    case 'normalize':
      return normalize(builder, x)
    case 'sort':
      return sort(builder, x)
    case 'expectiles':
      return expectiles(builder, x)
    case 'divide':
      return builder.op('Div', [x, numbers(builder, precision, [], [transform.by])], x)
    case 'clip':
      return builder.op(
        'Clip',
        [x, numbers(builder, precision, [], [transform.low]), numbers(builder, precision, [], [transform.high])],
        x,
      )
  }
}

function logistic(builder: GraphBuilder, x: Value, slope: number): Value {
  const precision = x.dtype as Precision
  const one = numbers(builder, precision, [], [1])
  const negative = slope === 1 ? builder.op('Neg', [x], x) : builder.op('Mul', [x, numbers(builder, precision, [], [-slope])], x)
  const power =
    precision === 'float32' ? builder.op('Min', [negative, numbers(builder, precision, [], [LARGEST_EXPONENT])], x) : negative
  return builder.op('Div', [one, builder.op('Add', [builder.op('Exp', [power], x), one], x)], x)
}

function step(builder: GraphBuilder, x: Value): Value {
  const above = builder.op('Greater', [x, numbers(builder, x.dtype as Precision, [], [0])], { dtype: 'bool', shape: x.shape })
  return builder.op('Cast', [above], x, { to: x.dtype === 'float32' ? 1 : 11 })
}

function argMax(builder: GraphBuilder, x: Value): Value {
  const shape = [x.shape[0]!, 1]
  const index = builder.op('ArgMax', [x], { dtype: 'int64', shape }, { axis: 1, keepdims: 1 })
  return builder.op('Cast', [index], { dtype: x.dtype, shape }, { to: x.dtype === 'float32' ? 1 : 11 })
}

function normalize(builder: GraphBuilder, x: Value): Value {
  const precision = x.dtype as Precision
  const sum = builder.op('ReduceSum', [x, builder.ints([1])], { dtype: precision, shape: [x.shape[0]!, 1] })
  const isZero = builder.op('Equal', [sum, numbers(builder, precision, [], [0])], { dtype: 'bool', shape: sum.shape })
  return builder.op(
    'Where',
    [isZero, numbers(builder, precision, [], [1 / Number(x.shape[1])]), builder.op('Div', [x, sum], x)],
    x,
  )
}

function sort(builder: GraphBuilder, x: Value): Value {
  const indices = { dtype: 'int64', shape: x.shape } as const
  return builder.ops('TopK', [x, builder.ints([Number(x.shape[1])])], [x, indices], { axis: 1, largest: 0, sorted: 1 })[0]!
}

/** The first, and the others on the running sum of their softplus, each 1e-6 further. */
function expectiles(builder: GraphBuilder, x: Value): Value {
  const width = Number(x.shape[1])
  if (width === 1) return x
  const precision = x.dtype as Precision
  const isFirst = builder.constant({
    dtype: 'bool',
    shape: [width],
    data: Uint8Array.from({ length: width }, (_, k) => (k === 0 ? 1 : 0)),
  })
  const soft = builder.op('Add', [softplus(builder, x), numbers(builder, precision, [], [1e-6])], x)
  return builder.op(
    'CumSum',
    [builder.op('Where', [isFirst, x, soft], x), builder.constant({ dtype: 'int64', shape: [], data: BigInt64Array.of(1n) })],
    x,
  )
}

/** max(x, 0) + ln(1 + exp −|x|): no Softplus of doubles is everywhere. */
function softplus(builder: GraphBuilder, x: Value): Value {
  const precision = x.dtype as Precision
  const size = builder.op('Neg', [builder.op('Abs', [x], x)], x)
  const log = builder.op('Log', [builder.op('Add', [builder.op('Exp', [size], x), numbers(builder, precision, [], [1])], x)], x)
  return builder.op('Add', [builder.op('Relu', [x], x), log], x)
}

/** What a layer does to its sums. */
export function writeActivation(builder: GraphBuilder, { activation, alpha = 0 }: DenseLayer, x: Value): Value {
  switch (activation) {
    case 'identity':
      return x
    case 'relu':
      return builder.op('Relu', [x], x)
    case 'leaky-relu':
      return builder.op('LeakyRelu', [x], x, { alpha: { float: alpha } })
    case 'elu':
      return builder.op('Elu', [x], x, { alpha: { float: alpha } })
    case 'tanh':
      return builder.op('Tanh', [x], x)
    case 'logistic':
      return logistic(builder, x, 1)
    case 'softplus':
      return softplus(builder, x)
    case 'softmax':
      return builder.op('Softmax', [x], x, { axis: 1 })
  }
}
