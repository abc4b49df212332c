import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { convolution, depthwiseConvolution, transposedConvolution } from '../tensorflow/conv.ts'
import type { Padding, Window } from '../tensorflow/window.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import {
  activate,
  arrayOf,
  axesOfClass,
  biasOf,
  channelsFirst,
  floatInput,
  sizeOf,
  trainableSlotsWithBias,
} from './layer-parts.ts'

const conv: LayerKind = {
  classNames: [
    'Conv1D',
    'Conv2D',
    'Conv3D',
    'Convolution1D',
    'Convolution2D',
    'Convolution3D',
    'AtrousConvolution1D',
    'AtrousConvolution2D',
  ],
  arrays: (config) => trainableSlotsWithBias(config, 'kernel'),
  write(call) {
    const { builder, config } = call
    const { x, parts, channels } = conved(call)
    const groups = config.number('groups', 1)
    const weights = arrayOf(call, 'kernel', [...parts.kernel, channels / groups, null])
    const bias = biasOf(call, weights.shape.at(-1)!)
    return { outputs: [activate(call, convolution(builder, { ...parts, input: x, weights, groups, bias }))] }
  },
}

const depthwise: LayerKind = {
  classNames: ['DepthwiseConv1D', 'DepthwiseConv2D'],
  arrays: (config) => trainableSlotsWithBias(config, 'depthwise_kernel'),
  write(call) {
    const { x, parts, channels } = conved(call)
    const weights = arrayOf(call, 'depthwise_kernel', [...parts.kernel, channels, null])
    const bias = biasOf(call, channels * weights.shape.at(-1)!)
    return { outputs: [activate(call, depthwiseConvolution(call.builder, { ...parts, input: x, weights, bias }))] }
  },
}

/** Each channel by itself, then the channels of each cell together; strides and holes belong to the first. */
const separable: LayerKind = {
  classNames: ['SeparableConv1D', 'SeparableConv2D', 'SeparableConvolution1D', 'SeparableConvolution2D'],
  arrays: (config) => trainableSlotsWithBias(config, 'depthwise_kernel', 'pointwise_kernel'),
  write(call) {
    const { x, parts, channels } = conved(call)
    const depthwiseKernel = arrayOf(call, 'depthwise_kernel', [...parts.kernel, channels, null])
    const single: Window = { kernel: ones(parts), strides: ones(parts), dilations: ones(parts), padding: 'valid' }
    const between = channels * depthwiseKernel.shape.at(-1)!
    const weights = arrayOf(call, 'pointwise_kernel', [...single.kernel, between, null])
    const first = depthwiseConvolution(call.builder, { ...parts, input: x, weights: depthwiseKernel })
    const bias = biasOf(call, weights.shape.at(-1)!)
    const layout = { channelsFirst: parts.channelsFirst }
    return { outputs: [activate(call, convolution(call.builder, { ...single, ...layout, input: first, weights, bias }))] }
  },
}

const transposedConv: LayerKind = {
  classNames: [
    'Conv1DTranspose',
    'Conv2DTranspose',
    'Conv3DTranspose',
    'Convolution2DTranspose',
    'Convolution3DTranspose',
    'Deconvolution2D',
  ],
  arrays: (config) => trainableSlotsWithBias(config, 'kernel'),
  write(call) {
    const { builder, config } = call
    const { x, parts, channels } = conved(call)
    const weights = arrayOf(call, 'kernel', [...parts.kernel, null, channels])
    const outputPadding =
      config.raw('output_padding') === undefined ? undefined : config.perAxis('output_padding', parts.kernel.length)
    const bias = biasOf(call, weights.shape.at(-2)!)
    return { outputs: [activate(call, transposedConvolution(builder, { ...parts, input: x, weights, outputPadding, bias }))] }
  },
}

export const convolutions: readonly LayerKind[] = [conv, depthwise, separable, transposedConv]

const ones = ({ kernel }: Window): number[] => kernel.map(() => 1)

interface ConvedInput {
  readonly x: Value
  readonly parts: Window & { readonly channelsFirst: boolean }
  readonly channels: number
}

/** The input with what the configuration says of its window: as many spatial axes as the class has. */
function conved(call: LayerCall): ConvedInput {
  const { config, className } = call
  const axes = axesOfClass(className)
  const x = floatInput(call, axes + 2)
  const first = channelsFirst(config)
  const padding = config.text('padding', 'valid')
  if (!PADDINGS.includes(padding)) throw config.refuse(`has the padding '${padding}', which is not known`)
  const parts = {
    kernel: config.perAxis('kernel_size', axes),
    strides: config.perAxis('strides', axes, 1),
    dilations: config.perAxis('dilation_rate', axes, 1),
    padding: padding as Padding,
    channelsFirst: first,
  }
  const channels = sizeOf(call, x, first ? 1 : -1)
  if (!Number.isInteger(channels / config.number('groups', 1)) && className.startsWith('Conv'))
    throw config.refuse(`splits ${channels} channels into ${config.number('groups')} groups`)
  return { x, parts, channels }
}

const PADDINGS: readonly string[] = ['valid', 'same', 'causal']
