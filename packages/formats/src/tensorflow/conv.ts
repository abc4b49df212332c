// Convolutions and pooling of TensorFlow's family as ONNX's: kernels with their spatial axes first, tensors with channels last or first.

import { unary } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { inChannelsFirst } from './layout.ts'
import { padAttributes, spanOf, type Window, windowedSizes } from './window.ts'

export interface ConvolutionParts extends Window {
  /** [n, …spatial, c], or [n, c, …spatial] with `channelsFirst`. */
  readonly input: Value
  /** [outputs]. */
  readonly bias?: Value | undefined
  /** Layout of the tensors; the kernel's layout is always the same. */
  readonly channelsFirst?: boolean
}

/** `kernel`: […spatial, inputs / groups, outputs]. The result has the layout of the input. */
export function convolution(
  builder: GraphBuilder,
  parts: ConvolutionParts & { readonly weights: ConstantData; readonly groups?: number },
): Value {
  const { weights, groups = 1 } = parts
  const rank = weights.shape.length
  // […spatial, i, o] → [o, i, …spatial]
  const turned = transposeConstant(weights, [rank - 1, rank - 2, ...weights.shape.slice(2).map((_, k) => k)])
  return convolve(builder, parts, { weights: turned, groups })
}

/** `kernel`: […spatial, inputs, multiplier]; output channel c·multiplier + j comes of input channel c. */
export function depthwiseConvolution(builder: GraphBuilder, parts: ConvolutionParts & { readonly weights: ConstantData }): Value {
  const { weights } = parts
  const rank = weights.shape.length
  const spatial = weights.shape.slice(0, -2)
  const [inputs = 1, multiplier = 1] = weights.shape.slice(-2)
  const turned = transposeConstant(weights, [rank - 2, rank - 1, ...spatial.map((_, k) => k)])
  return convolve(builder, parts, { weights: reshapeConstant(turned, [inputs * multiplier, 1, ...spatial]), groups: inputs })
}

/** `weights`: [outputs, inputs / groups, …spatial]. */
function convolve(
  builder: GraphBuilder,
  parts: ConvolutionParts,
  { weights, groups }: { weights: ConstantData; groups: number },
): Value {
  return inChannelsFirst(builder, parts.input, parts.channelsFirst === true, (x) => {
    const spatial = x.shape.slice(2)
    const attributes = { kernel_shape: parts.kernel, strides: parts.strides, dilations: parts.dilations, group: groups }
    return builder.op(
      'Conv',
      [x, builder.constant(weights, 'kernel'), parts.bias],
      { dtype: x.dtype, shape: [x.shape[0]!, weights.shape[0]!, ...windowedSizes(spatial, parts)] },
      { ...attributes, ...padAttributes(spatial, parts) },
    )
  })
}

/**
 * `weights`: […spatial, outputs, inputs]. Sizes of the result: (in-1)·stride + max(span, stride) with 'valid', in·stride with 'same',
 * unless `outputPadding` says them (Keras' compute_conv_transpose_output_shape); pads are told, since auto_pad changed its meaning.
 */
export function transposedConvolution(
  builder: GraphBuilder,
  parts: ConvolutionParts & { readonly weights: ConstantData; readonly outputPadding?: readonly (number | null)[] | undefined },
): Value {
  const { weights, kernel, strides, dilations, padding, outputPadding } = parts
  const rank = weights.shape.length
  const turned = transposeConstant(weights, [rank - 1, rank - 2, ...kernel.map((_, k) => k)])
  const axes = kernel.map((size, axis) => {
    const [span, stride, asked] = [spanOf(size, dilations[axis]!), strides[axis]!, outputPadding?.[axis] ?? null]
    // Cells of the result beyond (in-1)·stride: the same for every size of the input.
    const beyond =
      asked === null ? (padding === 'same' ? stride : Math.max(span, stride)) : (padding === 'same' ? span % 2 : span) + asked
    const total = Math.max(span - beyond, 0)
    return { stride, beyond, begin: total >> 1, end: total - (total >> 1), more: Math.max(beyond - span, 0) }
  })
  return inChannelsFirst(builder, parts.input, parts.channelsFirst === true, (x) => {
    const spatial = x.shape.slice(2).map((size, k): Dimension => {
      return typeof size === 'number' ? (size - 1) * axes[k]!.stride + axes[k]!.beyond : null
    })
    return builder.op(
      'ConvTranspose',
      [x, builder.constant(turned, 'kernel'), parts.bias],
      { dtype: x.dtype, shape: [x.shape[0]!, weights.shape[rank - 2]!, ...spatial] },
      {
        kernel_shape: kernel,
        strides,
        dilations,
        pads: [...axes.map(({ begin }) => begin), ...axes.map(({ end }) => end)],
        output_padding: axes.map(({ more }) => more),
      },
    )
  })
}

export interface PoolingParts extends Window {
  readonly input: Value
  readonly channelsFirst?: boolean
  readonly mode: 'max' | 'average'
}

/** Average pooling divides by the number of real cells. */
export function pooling(builder: GraphBuilder, parts: PoolingParts): Value {
  const { kernel, strides, mode } = parts
  return inChannelsFirst(builder, parts.input, parts.channelsFirst === true, (x) => {
    const spatial = x.shape.slice(2)
    return builder.op(
      mode === 'max' ? 'MaxPool' : 'AveragePool',
      [x],
      { dtype: x.dtype, shape: [...x.shape.slice(0, 2), ...windowedSizes(spatial, parts)] },
      { kernel_shape: kernel, strides, ...padAttributes(spatial, parts) },
    )
  })
}

export interface ResponseParts {
  /** Channels on either side of each that count. */
  readonly radius: number
  readonly alpha: number
  readonly beta: number
  readonly bias: number
}

/** LocalResponseNormalization of [n, c, …spatial]. ONNX divides alpha by the size of the window. */
export function localResponse(builder: GraphBuilder, x: Value, { radius, alpha, beta, bias }: ResponseParts): Value {
  const size = 2 * radius + 1
  return unary(builder, 'LRN', x, { size, alpha: { float: alpha * size }, beta: { float: beta }, bias: { float: bias } })
}
