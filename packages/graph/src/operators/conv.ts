// Convolution of any rank, float and quantized, as the model asks for it and as ONNX Runtime runs it (NCHWc and NHWC layouts).
// https://onnx.ai/onnx/operators/onnx__Conv.html ; contrib operators: onnxruntime docs/ContribOperators.md
// MACs = N * M * positions * (C / group) * kernel: C / group is read from the weight [M, C / group, kernel…], which every one of
// these keeps, whatever the layout of the data. Padded taps are counted. In NCHWc the engine pads channels to its block: a caller
// that knows the model's own channels gives types without that padding.

import { elementCount } from '../dtype.ts'
import type { TensorType } from '../types.ts'
import { hasInput, isNonZeroInput, numberAttribute, textAttribute } from './attributes.ts'
import { activationOps } from './counts/activation-ops.ts'
import { evaluateCounts } from './counts/functions.ts'
import { REQUANTIZE_OPS } from './counts/quantize-ops.ts'
import { defineFamily, formula, LINEAR, type OperatorFacts, sameFor } from './family.ts'
import { type ReadInput, spatialAxes } from './input-use.ts'
import type { NodeContext } from './types.ts'
import { isChannelsLast, touchedBytes } from './window.ts'
import type { Work } from './work.ts'

/** A bilinear sample reads four neighbours. */
const BILINEAR_MACS = 4

/** Multiply-adds of a convolution with weight [M, C / group, kernel…] and `y` its output. */
function convMacs(w: TensorType, y: TensorType): number {
  return elementCount(y.shape) * elementCount(w.shape.slice(1))
}

const conv = formula([0, 1], [0], ([x, w], [y], context) => {
  const outputs = elementCount(y.shape)
  const activation = activationOps(textAttribute(context.node, 'activation', 'Identity'))
  if (activation === undefined) return `its activation '${context.node.attributes.activation}' is not known`
  const bias = hasInput(context, 2) ? 1 : 0
  const sum = hasInput(context, 3) ? 1 : 0
  return {
    macs: convMacs(w, y),
    simpleOps: outputs * (bias + sum + activation.simple),
    specialOps: outputs * activation.special,
    functions: evaluateCounts(activation.functions, outputs),
    readBytes: { 0: touchedBytes(x, y, w.shape.slice(2), isChannelsLast(context)) },
    arithmetic: x.dtype,
  }
})

/** Adds for one sum over each window of the input: what a zero point of the weights costs. All channels out share them. */
function windowSums(x: TensorType, w: TensorType, y: TensorType, channelsLast: boolean): number {
  const channels = channelsLast ? x.shape.at(-1)! : x.shape[1]!
  return (elementCount(y.shape) / w.shape[0]!) * channels * elementCount(w.shape.slice(2))
}

function quantizedConv(
  [x, w, y]: readonly [TensorType, TensorType, TensorType],
  context: NodeContext,
  weightZeroPoint: number,
): Work {
  const channelsLast = isChannelsLast(context)
  const correction = isNonZeroInput(context, weightZeroPoint) ? windowSums(x, w, y, channelsLast) + elementCount(y.shape) : 0
  return {
    macs: convMacs(w, y),
    simpleOps: correction,
    readBytes: { 0: touchedBytes(x, y, w.shape.slice(2), channelsLast) },
    arithmetic: 'int8',
  }
}

// x, w, x_zero_point, w_zero_point
const convInteger = formula([0, 1], [0], ([x, w], [y], context) => quantizedConv([x, w, y], context, 3))

// x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale, y_zero_point, bias
const qlinearConv = formula([0, 3], [0], ([x, w], [y], context) => {
  const work = quantizedConv([x, w, y], context, 5)
  const perOutput = REQUANTIZE_OPS + (hasInput(context, 8) ? 1 : 0)
  return { ...work, simpleOps: work.simpleOps! + elementCount(y.shape) * perOutput }
})

// x, w, offset, bias, mask. Each tap of each channel is a bilinear sample; its place and weights are worked out once per offset
// group: about 8 operations.
const SAMPLE_PLACE_OPS = 8
const deformConv = formula([0, 1], [0], ([x, w], [y], context) => {
  const taps = (elementCount(y.shape) / w.shape[0]!) * elementCount(w.shape.slice(2))
  const channels = x.shape[1]!
  const groups = numberAttribute(context.node, 'offset_group', 1)
  const masked = hasInput(context, 4) ? taps * channels : 0
  return {
    macs: convMacs(w, y) + taps * channels * BILINEAR_MACS,
    simpleOps: taps * groups * SAMPLE_PLACE_OPS + masked + (hasInput(context, 3) ? elementCount(y.shape) : 0),
  }
})

// Depthwise over the last axis: x [N, C, L…], w [C, 1, kernel…], bias, past_state: the positions before the first, of which the last
// ones are handed on. An activation of its own.
const causalConv = formula([0, 1], [0], ([, w], [y], context) => {
  const outputs = elementCount(y.shape)
  const name = textAttribute(context.node, 'activation', 'none')
  const activation = activationOps(name === 'none' ? 'identity' : name)
  if (activation === undefined) return `its activation '${name}' is not known`
  return {
    macs: outputs * elementCount(w.shape.slice(2)),
    simpleOps: outputs * ((hasInput(context, 2) ? 1 : 0) + activation.simple),
    specialOps: outputs * activation.special,
    functions: evaluateCounts(activation.functions, outputs),
  }
})

/** Input 0 of a convolution whose weight [M, C / group, kernel…] is input `weight`. */
const imageOf =
  (weight: number): ReadInput =>
  ({ node, index, shapeOf }) => {
    const shape = shapeOf(weight)
    if (index !== 0 || shape === undefined) return undefined
    return { rank: shape.length, axes: spatialAxes(shape.length, shape[1]! * numberAttribute(node, 'group', 1)) }
  }

const facts: OperatorFacts = {
  reads: {
    ...sameFor(['Conv', 'FusedConv', 'com.microsoft:FusedConv', 'ConvInteger'], imageOf(1)),
    QLinearConv: imageOf(3),
  },
  // Float convolutions with an activation in them: what the engine makes of a group that it could not fuse.
  int8: { Conv: LINEAR, FusedConv: LINEAR },
}

export const convFamily = defineFamily('conv', facts, {
  ...sameFor(
    [
      'Conv',
      'FusedConv',
      'com.microsoft:Conv',
      'com.microsoft:FusedConv',
      'com.microsoft:NhwcFusedConv',
      'com.microsoft.nchwc:Conv',
      'com.ms.internal.nhwc:Conv',
      'com.ms.internal.nhwc:FusedConv',
    ],
    conv,
  ),
  ...sameFor(['ConvInteger', 'com.ms.internal.nhwc:ConvInteger'], convInteger),
  ...sameFor(['QLinearConv', 'com.microsoft:QLinearConv', 'com.ms.internal.nhwc:QLinearConv'], qlinearConv),
  DeformConv: deformConv,
  ...sameFor(['CausalConvWithState', 'com.microsoft:CausalConvWithState'], causalConv),
})
