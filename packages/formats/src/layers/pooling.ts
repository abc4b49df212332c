// Pooling over windows, and over all cells at once. Averages divide by the number of real cells. keras/src/layers/pooling/

import { binary, cast } from '@whyslow/graph/builder/broadcast.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { squeeze, unsqueeze } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { pooling } from '../tensorflow/conv.ts'
import { toChannelsFirst, transpose } from '../tensorflow/layout.ts'
import type { Padding } from '../tensorflow/window.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { axesOfClass, channelsFirst, classesOf, floatInput } from './layer-parts.ts'

const windowed = (mode: 'max' | 'average', classNames: readonly string[]): LayerKind => ({
  classNames,
  write(call) {
    const { builder, config, className } = call
    const axes = axesOfClass(className)
    const kernel = config.perAxis('pool_size', axes, 2)
    const strides = config.raw('strides') === undefined ? kernel : config.perAxis('strides', axes)
    const padding = config.text('padding', 'valid')
    if (padding !== 'valid' && padding !== 'same') throw config.refuse(`has the padding '${padding}', which is not known`)
    const window = { kernel, strides, dilations: kernel.map(() => 1), padding: padding as Padding }
    const input = floatInput(call, axes + 2)
    return { outputs: [pooling(builder, { ...window, input, mode, channelsFirst: channelsFirst(config) })] }
  },
})

const overall = (mode: 'Max' | 'Average', classNames: readonly string[]): LayerKind => ({
  classNames,
  write(call) {
    const { config, className, masks } = call
    const axes = axesOfClass(className)
    const x = floatInput(call, axes + 2)
    const first = channelsFirst(config)
    const keep = config.flag('keepdims', false)
    if (mode === 'Average' && axes === 1 && masks[0] !== undefined) return { outputs: [maskedMean(call, x, { first, keep })] }
    const turned = first ? x : toChannelsFirst(call.builder, x)
    const shape = turned.shape.map((size, axis): Dimension => (axis < 2 ? size : 1))
    const pooled = call.builder.op(`Global${mode}Pool`, [turned], { dtype: x.dtype, shape })
    const spatial = shape.slice(2).map((_, k) => k + 2)
    if (!keep) return { outputs: [squeeze(call.builder, pooled, spatial)] }
    return { outputs: [first ? pooled : transpose(call.builder, pooled, [0, ...spatial, 1])] }
  },
})

/** The mean over steps that the mask leaves. */
function maskedMean(
  { builder, masks }: LayerCall,
  x: Value,
  { first, keep }: { readonly first: boolean; readonly keep: boolean },
): Value {
  const weights = unsqueeze(builder, cast(builder, masks[0]!, x.dtype), [first ? 1 : 2])
  const over = { axes: [first ? 2 : 1], keepDims: keep }
  const sum = reduce(builder, 'ReduceSum', binary(builder, 'Mul', x, weights), over)
  return binary(builder, 'Div', sum, reduce(builder, 'ReduceSum', weights, over))
}

export const poolings: readonly LayerKind[] = [
  windowed('max', classesOf('MaxPooling')),
  windowed('average', classesOf('AveragePooling')),
  overall('Max', classesOf('GlobalMaxPooling')),
  overall('Average', classesOf('GlobalAveragePooling')),
]
