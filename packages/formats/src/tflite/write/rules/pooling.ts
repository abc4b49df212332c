// Pooling as AVERAGE_POOL_2D and MAX_POOL_2D, over all of an axis as MEAN and REDUCE_MAX. TFLite's average leaves padding out of the count.

import { elementCount } from '@whyslow/graph/dtype.ts'
import { LARGEST_FLOAT32 } from '@whyslow/graph/encode.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { numberAttribute, numbersAttribute } from '@whyslow/graph/view-attributes.ts'
import type { LiteTensor } from '../lite-graph.ts'
import type { Lowerer, OnnxNode } from '../lowerer.ts'
import { channelsLast } from '../order.ts'
import { type Rules, resultOf } from './rule.ts'
import { PADDING_VALID, pad, type Window, windowOf, withHeight, withoutHeight } from './window.ts'

export const POOLING: Rules = {
  MaxPool: (lower, node) => pool(lower, node, 'MAX_POOL_2D'),
  AveragePool: (lower, node) => pool(lower, node, 'AVERAGE_POOL_2D'),
  GlobalAveragePool: (lower, node) => poolAll(lower, node, 'MEAN'),
  GlobalMaxPool: (lower, node) => poolAll(lower, node, 'REDUCE_MAX'),
}

type Pool = 'MAX_POOL_2D' | 'AVERAGE_POOL_2D'

function pool(lower: Lowerer, node: OnnxNode, code: Pool): void {
  const [inputName] = node.inputs as [string]
  const [outputName, indices] = node.outputs as [string, string?]
  if (indices) lower.refuse('it gives the places of the largest, too')
  const shape = lower.shape(inputName)
  const rank = shape.length
  if (rank < 3 || rank > 5) lower.refuse(`it has ${rank - 2} spatial axes`)
  const kernel = numbersAttribute(node, 'kernel_shape') ?? lower.refuse('kernel_shape is missing')
  const results = lower.shape(outputName)
  const explicit = code === 'AVERAGE_POOL_2D' && numberAttribute(node, 'count_include_pad', 0) === 1
  const window = windowOf(lower, node, { kernel, spatial: shape.slice(2), results: results.slice(2), explicit })
  if (window.dilations.some((one) => one !== 1)) lower.refuse('dilations')
  const order = channelsLast(rank)
  const x = pad(lower, lower.ordered(inputName, order), window.pads, code === 'MAX_POOL_2D' ? -LARGEST_FLOAT32 : 0)
  const type = resultOf(lower, outputName, order)
  const correction =
    code === 'AVERAGE_POOL_2D'
      ? correctionOf(lower, node, window, { spatial: shape.slice(2), results: results.slice(2) })
      : undefined
  const made = pooled(lower, { x, window, code }, correction === undefined ? type : { ...type, holds: undefined })
  const right = correction === undefined ? made : lower.op('MUL', [made, correction], type)
  lower.place(outputName, right, order)
}

interface Parts {
  readonly x: LiteTensor
  readonly window: Window
  readonly code: Pool
}

type Result = Parameters<Lowerer['op']>[2]

function pooled(lower: Lowerer, { x, window, code }: Parts, result: Result): LiteTensor {
  if (window.kernel.length === 2) return pooled2d(lower, { x, window, code }, result)
  if (window.kernel.length === 3) return pooled3d(lower, { x, window, code }, result)
  const [n, ...others] = result.shape
  const flat = { ...window, kernel: [1, ...window.kernel], strides: [1, ...window.strides] }
  const made = pooled2d(lower, { x: withHeight(lower, x), window: flat, code }, { dtype: x.dtype, shape: [n!, 1, ...others] })
  return withoutHeight(lower, made, result.holds)
}

function pooled2d(lower: Lowerer, { x, window, code }: Parts, result: Result): LiteTensor {
  const [filter_height, filter_width] = window.kernel as [number, number]
  const [stride_h, stride_w] = window.strides as [number, number]
  const fields = { padding: window.padding, stride_h, stride_w, filter_height, filter_width }
  return lower.op(code, [x], result, fields)
}

/** Largest and mean over a box are those over its faces, one after the other. */
function pooled3d(lower: Lowerer, { x, window, code }: Parts, result: Result): LiteTensor {
  const [n, depth, height, width, channels] = x.shape as [Dimension, Dimension, Dimension, Dimension, Dimension]
  if ([depth, height, width, channels].some((size) => typeof size !== 'number'))
    return lower.refuse('sizes over three axes are free')
  const [, depthTo, heightTo, widthTo] = result.shape as [Dimension, number, number, number]
  const part = (axes: readonly number[]): Window => ({
    ...window,
    kernel: axes.map((axis) => (axis < 0 ? 1 : window.kernel[axis]!)),
    strides: axes.map((axis) => (axis < 0 ? 1 : window.strides[axis]!)),
  })
  const slices = typeof n === 'number' ? n * (depth as number) : null
  const faces = lower.reshape(x, [slices, height, width, channels])
  const over = pooled2d(
    lower,
    { x: faces, window: part([1, 2]), code },
    { dtype: x.dtype, shape: [slices, heightTo, widthTo, channels] },
  )
  const columns = lower.reshape(over, [n, depth, heightTo * widthTo, channels])
  const through = pooled2d(
    lower,
    { x: columns, window: part([0, -1]), code },
    { dtype: x.dtype, shape: [n, depthTo, heightTo * widthTo, channels] },
  )
  return lower.reshape(through, result.shape)
}

/**
 * What a mean over a padded window must be multiplied with, since zeros were counted that should not be, or left out that should; undefined
 * if the count is right as it is.
 */
function correctionOf(
  lower: Lowerer,
  node: OnnxNode,
  window: Window,
  { spatial, results }: { readonly spatial: readonly Dimension[]; readonly results: readonly Dimension[] },
): LiteTensor | undefined {
  const explicit = window.pads.some(([before, after]) => before > 0 || after > 0)
  const counted = numberAttribute(node, 'count_include_pad', 0) === 1
  if (window.padding === PADDING_VALID && !explicit) return undefined
  if (!explicit && !counted) return undefined
  if (explicit && counted && numberAttribute(node, 'ceil_mode', 0) === 0) return undefined
  if (counted) return lower.refuse('count_include_pad over such pads')
  if ([...spatial, ...results].some((size) => typeof size !== 'number'))
    return lower.refuse('its pads are not those of SAME, over sizes that are free')
  const counts = window.kernel.map((kernel, axis) =>
    Array.from({ length: results[axis] as number }, (_, place) => {
      const start = place * window.strides[axis]! - window.pads[axis]![0]
      return Math.min(start + kernel, spatial[axis] as number) - Math.max(start, 0)
    }),
  )
  const whole = elementCount(window.kernel)
  const factors = counts.reduce<number[]>((all, axis) => all.flatMap((one) => axis.map((count) => one * count)), [1])
  return lower.floats(
    [1, ...(results as number[]), 1],
    factors.map((count) => whole / count),
  )
}

function poolAll(lower: Lowerer, node: OnnxNode, code: 'MEAN' | 'REDUCE_MAX'): void {
  const [inputName] = node.inputs as [string]
  const [outputName] = node.outputs as [string]
  const order = channelsLast(lower.shape(inputName).length)
  const x = lower.ordered(inputName, order)
  const shape = x.shape.map((size, axis) => (axis === 0 || axis === x.shape.length - 1 ? size : 1))
  const axes = lower.ints(shape.map((_, axis) => axis).slice(1, -1))
  lower.place(outputName, lower.op(code, [x, axes], { dtype: x.dtype, shape, holds: outputName }, { keep_dims: true }), order)
}
