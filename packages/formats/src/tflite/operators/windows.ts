// Convolutions and pooling. Filters: [out, h, w, in], of depthwise ones [1, h, w, out], of CONV_3D [d, h, w, in, out].
// https://github.com/google-ai-edge/LiteRT/tree/main/tflite/kernels (conv.cc, depthwise_conv.cc, transpose_conv.cc, pooling.cc)

import { unary } from '@whyslow/graph/builder/broadcast.ts'
import { reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { tile } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { pooling } from '../../tensorflow/conv.ts'
import { transpose } from '../../tensorflow/layout.ts'
import { padAttributes, spanOf, type Window, windowedSizes } from '../../tensorflow/window.ts'
import { hybridInput } from '../hybrid.ts'
import {
  input,
  numbers,
  type OperatorCall,
  optionsOf,
  realChannelsFirst,
  realConstant,
  realOf,
  storedChannelsLast,
  type Tensor,
  type WriteOperator,
  type Writers,
} from '../operator.ts'
import { dequantize } from '../quantized.ts'
import { inChannelsFirst } from './channels.ts'

/** Numbers of the enumeration Padding. */
const paddingOf = (padding: number): 'same' | 'valid' => (padding === 1 ? 'valid' : 'same')

/** Strides and sizes of 0 would divide by zero. */
function positive(call: OperatorCall, values: readonly number[]): number[] {
  if (values.some((value) => !Number.isInteger(value) || value < 1))
    throw call.refusal(`has a stride or size of ${values.join('x')}`)
  return [...values]
}

/** What the options say of a window over height and width, or depth before them. Strides and dilations are 1 if they say none. */
function windowOf(call: OperatorCall, options: object, kernel: readonly number[]): Window {
  const told = new Map<string, number>(Object.entries(options))
  const axes = ['d', 'h', 'w'].slice(-kernel.length)
  return {
    kernel: positive(call, kernel),
    strides: positive(
      call,
      axes.map((axis) => told.get(`stride_${axis}`) ?? 1),
    ),
    dilations: positive(
      call,
      axes.map((axis) => told.get(`dilation_${axis}_factor`) ?? 1),
    ),
    padding: paddingOf(told.get('padding')!),
  }
}

/**
 * A filter in ONNX's layout (`permutation`, then `shape`). Where input and filter are both kept as integers it stays so, with its
 * scales along `axis` of the new layout: that is what engines make integer kernels of. Filters of operators on real numbers become real.
 */
function filterOf(
  call: OperatorCall,
  k: number,
  { permutation, shape, axis }: { permutation: readonly number[]; shape?: readonly number[]; axis: number },
): Value {
  const { builder } = call
  const filter = input(call, k)
  const asIntegers = filter.quantization !== undefined && input(call, 0).dtype !== 'float32' && filter.dtype !== 'int16'
  const content = asIntegers ? filter.content : realConstant(filter)
  if (content === undefined) {
    const turned = transpose(builder, realOf(call, filter), permutation)
    if (shape?.some((size, at) => size !== turned.shape[at])) throw call.refusal('has a filter that is computed')
    return turned
  }
  const turned = transposeConstant(content, permutation)
  const value = builder.constant(shape === undefined ? turned : reshapeConstant(turned, shape), 'kernel')
  return asIntegers ? dequantize(builder, value, { ...filter.quantization!, axis }) : value
}

/** The bias, if there is one: real, or as int32 with its own scales. One number is that of all channels. */
function biasOf(call: OperatorCall, k: number, outputs: number): Value | undefined {
  const bias = call.inputs[k] === undefined ? undefined : realOf(call, call.inputs[k])
  return bias?.shape[0] === 1 && outputs > 1 ? tile(call.builder, bias, [outputs]) : bias
}

interface Convolution {
  readonly filter: Value
  readonly groups: number
  readonly outputs: number
}

function conv(call: OperatorCall, window: Window, activation: number, { filter, groups, outputs }: Convolution): Value[] {
  const { builder } = call
  const first = realChannelsFirst(call, 0)
  const single = groups === 1 && [...window.kernel, ...window.strides].every((size) => size === 1)
  const axes = single ? [1] : first.shape.slice(1).map((_, k) => k + 1)
  const x = hybridInput(call, first, input(call, 1), axes)
  const spatial = x.shape.slice(2)
  const type = { dtype: x.dtype, shape: [x.shape[0]!, outputs, ...windowedSizes(spatial, window)] }
  const attributes = { kernel_shape: window.kernel, strides: window.strides, dilations: window.dilations, group: groups }
  const made = builder.op('Conv', [x, filter, biasOf(call, 2, outputs)], type, {
    ...attributes,
    ...padAttributes(spatial, window),
  })
  return [storedChannelsLast(call, made, { activation })]
}

/** Shape of a constant or of what is computed: filters have no free sizes. */
function sizesOf(call: OperatorCall, tensor: Tensor, rank: number): number[] {
  const sizes = tensor.shape.map(Number)
  if (sizes.length !== rank || sizes.some((size) => !(size > 0)))
    throw call.refusal(`has a filter of shape ${tensor.shape.join('x')}`)
  return sizes
}

function channelsOf(call: OperatorCall, axis: number): number {
  const size = input(call, 0).shape.at(axis)
  if (typeof size !== 'number' || size < 1) throw call.refusal('has an input whose channels are not known')
  return size
}

function convolution(call: OperatorCall): Value[] {
  const three = call.operator === 'CONV_3D'
  const options = optionsOf(call, three ? 'Conv3DOptions' : 'Conv2DOptions')
  const sizes = sizesOf(call, input(call, 1), three ? 5 : 4)
  const [kernel, per, outputs] = three ? [sizes.slice(0, 3), sizes[3]!, sizes[4]!] : [sizes.slice(1, 3), sizes[3]!, sizes[0]!]
  const window = windowOf(call, options, kernel)
  const filter = filterOf(call, 1, { permutation: three ? [4, 3, 0, 1, 2] : [0, 3, 1, 2], axis: 0 })
  const groups = channelsOf(call, -1) / per
  if (!Number.isInteger(groups)) throw call.refusal(`has ${channelsOf(call, -1)} channels and a filter for ${per}`)
  return conv(call, window, options.fused_activation_function, { filter, groups, outputs })
}

function depthwise(call: OperatorCall): Value[] {
  const options = optionsOf(call, 'DepthwiseConv2DOptions')
  const [one, height, width, outputs] = sizesOf(call, input(call, 1), 4)
  const groups = channelsOf(call, -1)
  if (one !== 1 || outputs! % groups !== 0)
    throw call.refusal(`has ${groups} channels and a filter of shape ${input(call, 1).shape.join('x')}`)
  const window = windowOf(call, options, [height!, width!])
  const filter = filterOf(call, 1, { permutation: [3, 0, 1, 2], axis: 0 })
  return conv(call, window, options.fused_activation_function, { filter, groups, outputs: outputs! })
}

/** Inputs: the sizes of the result, the filter [out, h, w, in] (3D: [d, h, w, out, in]), x, and perhaps a bias. */
function transposeConv(call: OperatorCall): Value[] {
  const { builder } = call
  const three = call.operator === 'CONV_3D_TRANSPOSE'
  const options = optionsOf(call, three ? 'Conv3DOptions' : 'TransposeConvOptions')
  const spatialCount = three ? 3 : 2
  const filterSizes = sizesOf(call, input(call, 1), spatialCount + 2)
  const outputs = three ? filterSizes[3]! : filterSizes[0]!
  const { kernel, strides, dilations, padding } = windowOf(
    call,
    options,
    three ? filterSizes.slice(0, 3) : filterSizes.slice(1, 3),
  )
  const x = { ...call, inputs: [call.inputs[2], call.inputs[1], ...call.inputs.slice(3)] }
  const first = realChannelsFirst(x, 0)
  const turned = hybridInput(
    x,
    first,
    input(call, 1),
    first.shape.slice(1).map((_, k) => k + 1),
  )
  const sizes = resultSizes(call, spatialCount)
  const axes = kernel.map((size, axis) => {
    const span = spanOf(size, dilations[axis]!)
    const before = turned.shape[2 + axis]
    if (typeof before !== 'number') {
      // Free sizes: 'same' makes in·stride, 'valid' (in-1)·stride + max(span, stride), whatever in is.
      const beyond = padding === 'same' ? strides[axis]! : Math.max(span, strides[axis]!)
      return { total: Math.max(span - beyond, 0), more: Math.max(beyond - span, 0) }
    }
    const full = (before - 1) * strides[axis]! + span
    const asked = sizes?.[axis] ?? before * strides[axis]!
    return { total: Math.max(full - asked, 0), more: Math.max(asked - full, 0) }
  })
  const begins = axes.map(({ total }) => (padding === 'same' ? total >> 1 : 0))
  const ends = axes.map(({ total }, axis) => total - begins[axis]!)
  const filter = filterOf(x, 1, three ? { permutation: [4, 3, 0, 1, 2], axis: 1 } : { permutation: [3, 0, 1, 2], axis: 1 })
  const spatial = kernel.map((_, axis): Dimension => sizes?.[axis] ?? null)
  const made = builder.op(
    'ConvTranspose',
    [turned, filter, biasOf(call, 3, outputs)],
    { dtype: turned.dtype, shape: [turned.shape[0]!, outputs, ...spatial] },
    { kernel_shape: kernel, strides, dilations, pads: [...begins, ...ends], output_padding: axes.map(({ more }) => more) },
  )
  return [storedChannelsLast(call, made, { activation: options.fused_activation_function })]
}

/** Spatial sizes of the result: the numbers of input 0, or what the file declares; undefined if neither is known. */
function resultSizes(call: OperatorCall, count: number): number[] | undefined {
  const { content } = input(call, 0)
  const sizes = content === undefined ? call.outputs[0]!.shape : numbers(call, 0)
  const spatial = sizes.slice(1, 1 + count)
  return spatial.length === count && spatial.every((size) => typeof size === 'number') ? (spatial as number[]) : undefined
}

/** The average is over the cells that there are. L2: of squares, and its root. */
function pool(mode: 'max' | 'average', square = false): WriteOperator {
  return (call) => {
    const { builder } = call
    const options = optionsOf(call, 'Pool2DOptions')
    const window = windowOf(call, options, [options.filter_height, options.filter_width])
    const pooled = (input: Value) => pooling(builder, { ...window, input, mode, channelsFirst: true })
    const write = (x: Value) => (square ? unary(builder, 'Sqrt', pooled(builder.op('Mul', [x, x], x))) : pooled(x))
    return [inChannelsFirst(call, write, options.fused_activation_function)]
  }
}

export const WINDOWS: Writers = {
  CONV_2D: convolution,
  DEPTHWISE_CONV_2D: depthwise,
  CONV_3D: convolution,
  TRANSPOSE_CONV: transposeConv,
  CONV_3D_TRANSPOSE: transposeConv,
  AVERAGE_POOL_2D: pool('average'),
  MAX_POOL_2D: pool('max'),
  L2_POOL_2D: pool('average', true),
}
