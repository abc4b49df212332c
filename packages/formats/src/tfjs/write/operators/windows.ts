// Convolutions and pooling. Kernels of TFLite are [out, h, w, in], of TensorFlow [h, w, in, out]; groups, which TensorFlow.js does not
// have, are convolutions of their own.
import { type ConstantData, reshapeConstant, transposeConstant } from '@whyslow/graph/builder/constant-data.ts'
import { type Attributes, int, ints, stringAttribute } from '../attributes.ts'
import type { Ref } from '../graph-writer.ts'
import type { OperatorCall, OperatorTable } from '../operator-call.ts'
import { activate, linear } from './activation.ts'

export const WINDOWS: OperatorTable = {
  AVERAGE_POOL_2D: pool('AvgPool'),
  CONV_2D: convolution,
  CONV_3D: convolution3d,
  DEPTHWISE_CONV_2D: depthwise,
  MAX_POOL_2D: pool('MaxPool'),
  TRANSPOSE_CONV: transposedConvolution,
}

const NHWC = stringAttribute('NHWC')

const paddingOf = (call: OperatorCall): Attributes => ({
  padding: stringAttribute(call.number('padding') === 0 ? 'SAME' : 'VALID'),
})

/** Strides and dilations of two axes; TensorFlow.js does not compute strides and dilations at once. */
function window2d(call: OperatorCall): Attributes {
  const strides = [call.number('stride_h', 1), call.number('stride_w', 1)]
  const dilations = [call.number('dilation_h_factor', 1), call.number('dilation_w_factor', 1)]
  if (strides.some((one) => one > 1) && dilations.some((one) => one > 1)) call.refuse('strides and dilations at once')
  return { strides: ints([1, ...strides, 1]), dilations: ints([1, ...dilations, 1]), data_format: NHWC, ...paddingOf(call) }
}

const biasAt = (call: OperatorCall, index: number): Ref | undefined => (call.has(index) ? call.input(index) : undefined)

const kernelOf = (call: OperatorCall, kernel: ConstantData): Ref => call.nodes.constant(kernel, `${call.operator.origin}/kernel`)

function convolution(call: OperatorCall): Ref {
  const filter = call.constant(1, 'kernel')
  const channels = call.tensor(0).shape[3]
  const groups = typeof channels === 'number' ? channels / filter.shape[3]! : 1
  const attributes = window2d(call)
  if (groups > 1) return grouped(call, filter, { groups, attributes })
  const kernel = kernelOf(call, transposeConstant(filter, [1, 2, 3, 0]))
  const inputs = [call.input(0), kernel]
  return linear(call, { op: 'Conv2D', fused: '_FusedConv2D', inputs, attributes, bias: biasAt(call, 2) })
}

function grouped(
  call: OperatorCall,
  filter: ConstantData,
  { groups, attributes }: { readonly groups: number; readonly attributes: Attributes },
): Ref {
  const axis = call.int(3)
  const parts = call.ops('Split', [axis, call.input(0)], { count: groups, attributes: { num_split: int(groups) } })
  const [outputs, ...rest] = filter.shape as [number, ...number[]]
  const each = filter.data.length / groups
  const made = parts.map((part, k) => {
    const data = (filter.data as Float32Array<ArrayBuffer>).slice(k * each, (k + 1) * each)
    const own = transposeConstant({ dtype: filter.dtype, shape: [outputs / groups, ...rest], data }, [1, 2, 3, 0])
    return call.op('Conv2D', [part, kernelOf(call, own)], attributes)
  })
  const whole = call.op('ConcatV2', [...made, axis], { N: int(groups) })
  const bias = biasAt(call, 2)
  return activate(call, bias === undefined ? whole : call.op('BiasAdd', [whole, bias]))
}

/** The kernel is [1, h, w, out], its outputs those of one channel after the other. */
function depthwise(call: OperatorCall): Ref {
  const filter = call.constant(1, 'kernel')
  const [, height, width, outputs] = filter.shape as [number, number, number, number]
  const multiplier = call.number('depth_multiplier', 1)
  const kernel = kernelOf(call, reshapeConstant(filter, [height, width, outputs / multiplier, multiplier]))
  return linear(call, {
    op: 'DepthwiseConv2dNative',
    fused: 'FusedDepthwiseConv2dNative',
    inputs: [call.input(0), kernel],
    attributes: window2d(call),
    bias: biasAt(call, 2),
  })
}

function convolution3d(call: OperatorCall): Ref {
  const strides = ['stride_d', 'stride_h', 'stride_w'].map((name) => call.number(name, 1))
  const dilations = ['dilation_d_factor', 'dilation_h_factor', 'dilation_w_factor'].map((name) => call.number(name, 1))
  if (strides.some((one) => one > 1) && dilations.some((one) => one > 1)) call.refuse('strides and dilations at once')
  const made = call.op('Conv3D', [call.input(0), call.input(1)], {
    strides: ints([1, ...strides, 1]),
    dilations: ints([1, ...dilations, 1]),
    data_format: stringAttribute('NDHWC'),
    ...paddingOf(call),
  })
  const bias = biasAt(call, 2)
  return activate(call, bias === undefined ? made : call.op('BiasAdd', [made, bias]))
}

/** Inputs: the size of the result, the kernel [out, h, w, in], what is convolved, the bias. TensorFlow's kernel is [h, w, out, in]. */
function transposedConvolution(call: OperatorCall): Ref {
  const kernel = kernelOf(call, transposeConstant(call.constant(1, 'kernel'), [1, 2, 0, 3]))
  const made = call.op('Conv2DBackpropInput', [call.input(0), kernel, call.input(2)], window2d(call))
  const bias = biasAt(call, 3)
  return activate(call, bias === undefined ? made : call.op('BiasAdd', [made, bias]))
}

function pool(op: 'AvgPool' | 'MaxPool') {
  return (call: OperatorCall): Ref => {
    const ksize = ints([1, call.number('filter_height', 1), call.number('filter_width', 1), 1])
    const strides = ints([1, call.number('stride_h', 1), call.number('stride_w', 1), 1])
    return activate(call, call.op(op, [call.input(0)], { ksize, strides, data_format: NHWC, ...paddingOf(call) }))
  }
}
