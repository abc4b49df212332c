// Hybrid operators: real activations, integer weights. TFLite's kernels move each row of the activations (each image of a convolution)
// onto 256 steps of its own before they multiply integers, so that a result depends on that rounding. It is written out here with real
// numbers, so that outputs are those of the user's runtime: a step is (largest - smallest) / 255 of a row, zero among both.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/kernels/internal/reference/portable_tensor_utils.cc
// (PortableAsymmetricQuantizeFloats); XNNPACK packages/graph/src/operators/…-qd8-f32: the zero point is whole, and so falls out.

import { binary, scalar, unary, variadicOperator } from '@whyslow/graph/builder/broadcast.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import type { OperatorCall, Tensor } from './operator.ts'

/** A row of zeros has no steps; anything above keeps it zero. */
const SMALLEST_RANGE = 1e-30

/** True for an operator that computes with integer weights and real activations. */
export const isHybrid = (call: OperatorCall, weights: Tensor): boolean =>
  call.inputs[0]?.dtype === 'float32' && weights.quantization !== undefined && ['int8', 'uint8'].includes(weights.dtype)

/**
 * The activations `x` as a hybrid kernel sees them: on steps along `axes`; as they are where the operator is none. XNNPACK, LiteRT's
 * default, gives each image of a convolution its steps, and each pixel where the filter is a single cell (which it runs as matrices).
 */
export function hybridInput(call: OperatorCall, x: Value, weights: Tensor, axes: readonly number[]): Value {
  if (!isHybrid(call, weights)) return x
  const { builder } = call
  const over = { axes, keepDims: true }
  const zero = scalar(builder, 'float32', 0)
  const low = variadicOperator(builder, 'Min', [reduce(builder, 'ReduceMin', x, over), zero])
  const high = variadicOperator(builder, 'Max', [reduce(builder, 'ReduceMax', x, over), zero])
  return onStepsOf(builder, x, binary(builder, 'Sub', high, low), 255)
}

/**
 * The same for recurrent operators, which XNNPACK does not run: rows of the last axis, and where the file does not ask for steps like
 * those, 127 on each side of zero.
 */
export function hybridState(call: OperatorCall, x: Value, weights: Tensor, asymmetric: boolean): Value {
  const axes = [x.shape.length - 1]
  if (asymmetric || !isHybrid(call, weights)) return hybridInput(call, x, weights, axes)
  const { builder } = call
  const largest = reduce(builder, 'ReduceMax', unary(builder, 'Abs', x), { axes, keepDims: true })
  return onStepsOf(builder, x, largest, 127)
}

/** The nearest of `count` steps over `range` (one per row). */
function onStepsOf(builder: GraphBuilder, x: Value, range: Value, count: number): Value {
  const number = (value: number) => scalar(builder, 'float32', value)
  const steps = binary(builder, 'Div', number(count), variadicOperator(builder, 'Max', [range, number(SMALLEST_RANGE)]))
  return binary(builder, 'Div', unary(builder, 'Round', binary(builder, 'Mul', x, steps)), steps)
}
