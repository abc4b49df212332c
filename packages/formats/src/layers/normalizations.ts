// Normalizations in their inference form. Epsilons stand in the configuration; their defaults are Keras', not ONNX's.
// keras/src/layers/normalization/, …/preprocessing/normalization.py

import { binary, unary, withNumber } from '@whyslow/graph/builder/broadcast.ts'
import { type ConstantData, float32s, reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { inverse } from '@whyslow/graph/builder/permutation.ts'
import { meanAndVariance, overDeviation, reduce } from '@whyslow/graph/builder/reduce.ts'
import { reshape } from '@whyslow/graph/builder/shapes.ts'
import { transpose } from '../tensorflow/layout.ts'
import { constantIn } from './arguments.ts'
import type { ArraySlot, LayerCall, LayerKind } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { arrayOf, axisIn, floatInput, perChannel, sizeOf, trainableSlots } from './layer-parts.ts'

/** Scale and shift, as far as the layer has them. */
const gammaAndBeta = (config: LayerConfig): ArraySlot[] =>
  trainableSlots(...(config.flag('scale', true) ? ['gamma'] : []), ...(config.flag('center', true) ? ['beta'] : []))
const kept = (name: string): ArraySlot => ({ name, trained: false })

/** Always with the moving mean and variance. */
const batchNormalization: LayerKind = {
  classNames: ['BatchNormalization', 'SyncBatchNormalization'],
  arrays: (config) => [
    ...gammaAndBeta(config),
    kept('moving_mean'),
    kept('moving_variance'),
    ...(config.flag('renorm', false) ? [kept('renorm_mean'), kept('renorm_stddev'), kept('renorm_momentum')] : []),
  ],
  write(call) {
    const { builder, config } = call
    if (config.raw('mode') === 1) throw config.refuse('normalizes each sample by itself (mode 1), which is not read')
    const x = floatInput(call)
    const axis = onlyAxis(call, x)
    const channels = sizeOf(call, x, axis)
    const array = (slot: string, fallback: number): Value =>
      builder.constant(call.arrays.has(slot) ? arrayOf(call, slot, [channels]) : filled([channels], fallback), slot)
    const parts = [array('gamma', 1), array('beta', 0), array('moving_mean', 0), array('moving_variance', 1)]
    const turned = moved(call, x, axis, 1)
    const result = builder.op('BatchNormalization', [turned, ...parts], turned, {
      epsilon: { float: config.number('epsilon', 1e-3) },
    })
    return { outputs: [moved(call, result, 1, axis)], mask: 'kept' }
  },
}

/** ONNX's normalizes the last axes; others are moved there. */
const layerNormalization: LayerKind = {
  classNames: ['LayerNormalization'],
  arrays: (config) => (config.flag('rms_scaling', false) ? trainableSlots('gamma') : gammaAndBeta(config)),
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const axes = axesOf(call, x)
    const sizes = axes.map((axis) => sizeOf(call, x, axis))
    const epsilon = config.number('epsilon', 1e-3)
    if (config.flag('rms_scaling', false)) return { outputs: [varianceScaled(call, x, { axes, epsilon })], mask: 'kept' }
    const others = x.shape.map((_, axis) => axis).filter((axis) => !axes.includes(axis))
    const order = [...others, ...axes]
    const turned = transpose(builder, x, order)
    const scale = builder.constant(call.arrays.has('gamma') ? arrayOf(call, 'gamma', sizes) : filled(sizes, 1), 'gamma')
    const shift = call.arrays.has('beta') ? builder.constant(arrayOf(call, 'beta', sizes), 'beta') : undefined
    const attributes = { axis: others.length, epsilon: { float: epsilon } }
    const result = builder.op('LayerNormalization', [turned, scale, shift], turned, attributes)
    return {
      outputs: [transpose(builder, result, inverse(order))],
      mask: 'kept',
    }
  },
}

/** What `rms_scaling` does: divided by the deviation, but not centred. */
function varianceScaled(
  call: LayerCall,
  x: Value,
  { axes, epsilon }: { readonly axes: readonly number[]; readonly epsilon: number },
): Value {
  const { builder } = call
  const scaled = overDeviation(builder, x, meanAndVariance(builder, x, axes).variance, epsilon)
  return binary(builder, 'Mul', scaled, onAxes(call, 'gamma', { axes, x }))
}

const rmsNormalization: LayerKind = {
  classNames: ['RMSNormalization'],
  arrays: () => trainableSlots('scale'),
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const axes = axesOf(call, x)
    const squares = reduce(builder, 'ReduceMean', binary(builder, 'Mul', x, x), { axes, keepDims: true })
    const scaled = overDeviation(builder, x, squares, config.number('epsilon', 1e-6))
    return { outputs: [binary(builder, 'Mul', scaled, onAxes(call, 'scale', { axes, x }))], mask: 'kept' }
  },
}

/** Statistics over all cells and the channels of a group. */
const groupNormalization: LayerKind = {
  classNames: ['GroupNormalization'],
  arrays: gammaAndBeta,
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const axis = onlyAxis(call, x)
    const channels = sizeOf(call, x, axis)
    const asked = config.number('groups', 32)
    const groups = asked === -1 ? channels : asked
    if (!Number.isInteger(channels / groups)) throw config.refuse(`splits ${channels} channels into ${groups} groups`)
    const turned = moved(call, x, axis, 1)
    const folded = builder.op('Reshape', [turned, builder.ints([0, groups, -1])], {
      dtype: x.dtype,
      shape: [x.shape[0]!, groups, null],
    })
    const one = builder.constant(filled([groups], 1))
    const zero = builder.constant(filled([groups], 0))
    const epsilon = { float: config.number('epsilon', 1e-3) }
    const normalized = builder.op('InstanceNormalization', [folded, one, zero], folded, { epsilon })
    const sizes = builder.op('Shape', [turned], { dtype: 'int64', shape: [turned.shape.length] })
    const known = turned.shape.slice(1).every((size) => typeof size === 'number')
    const target = known ? builder.ints([0, ...(turned.shape.slice(1) as number[])]) : sizes
    let result = builder.op('Reshape', [normalized, target], turned)
    const at = { rank: x.shape.length, axis: 1 }
    if (call.arrays.has('gamma'))
      result = binary(builder, 'Mul', result, perChannel(call, arrayOf(call, 'gamma', [channels]), at))
    if (call.arrays.has('beta')) result = binary(builder, 'Add', result, perChannel(call, arrayOf(call, 'beta', [channels]), at))
    return { outputs: [moved(call, result, 1, axis)], mask: 'kept' }
  },
}

/** Each vector divided by its length. Keras 3 keeps the square of the length above 1e-24, Keras 2 above 1e-12. */
const unitNormalization: LayerKind = {
  classNames: ['UnitNormalization'],
  write(call) {
    const x = floatInput(call)
    return { outputs: [unitLength(call, x, axesOf(call, x))], mask: 'kept' }
  },
}

export function unitLength({ builder, dialect }: LayerCall, x: Value, axes: readonly number[]): Value {
  const squares = reduce(builder, 'ReduceSum', binary(builder, 'Mul', x, x), { axes, keepDims: true })
  const least = withNumber(builder, 'Max', squares, dialect === 'keras-3' ? 1e-24 : 1e-12)
  return binary(builder, 'Div', x, unary(builder, 'Sqrt', least))
}

/** (x - mean) / deviation with numbers of the configuration, or of the file where the layer was adapted to data. */
const normalization: LayerKind = {
  classNames: ['Normalization'],
  arrays: (config) => (config.raw('mean') === undefined ? [kept('mean'), kept('variance'), kept('count')] : []),
  write(call) {
    const { builder, config } = call
    const x = floatInput(call)
    const rank = x.shape.length
    const listed = config.raw('axis') === undefined ? [] : config.numbers('axis')
    const axes = listed.map((axis) => axisIn(call, x, axis)).sort((a, b) => a - b)
    const sizes = axes.map((axis) => sizeOf(call, x, axis))
    const numbers = (key: string): ConstantData => {
      const data = call.arrays.get(key) ?? constantIn(config.raw(key), 'float32')
      if (data === undefined) throw config.refuse(`has no numbers for its ${key}; save the model again`)
      const shape = new Array<number>(rank).fill(1)
      // Numbers of fewer axes belong to the last of those that are kept.
      const from = axes.length - data.shape.filter((_, axis) => data.shape.length - axis <= axes.length).length
      for (const [k, axis] of axes.entries()) if (k >= from && data.shape.length > 0) shape[axis] = sizes[k]!
      if (shape.reduce((a, b) => a * b, 1) !== data.data.length)
        throw config.refuse(`has ${data.data.length} numbers for its ${key}, which do not fit its input`)
      return reshapeConstant(data, shape)
    }
    const [mean, variance] = [numbers('mean'), numbers('variance')]
    const deviations = Float32Array.from(variance.data as Float32Array, (value) => Math.max(Math.sqrt(value), 1e-7))
    const deviation = builder.constant(float32s(variance.shape, deviations), 'deviation')
    const middle = builder.constant(mean, 'mean')
    const result = config.flag('invert', false)
      ? binary(builder, 'Add', binary(builder, 'Mul', x, deviation), middle)
      : binary(builder, 'Div', binary(builder, 'Sub', x, middle), deviation)
    return { outputs: [result], mask: 'kept' }
  },
}

export const normalizations: readonly LayerKind[] = [
  batchNormalization,
  layerNormalization,
  rmsNormalization,
  groupNormalization,
  unitNormalization,
  normalization,
]

const filled = (shape: readonly number[], value: number): ConstantData =>
  float32s(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value))

/** Axes in rising order. */
function axesOf(call: LayerCall, x: Value): number[] {
  return call.config
    .numbers('axis', [-1])
    .map((axis) => axisIn(call, x, axis))
    .sort((a, b) => a - b)
}

function onlyAxis(call: LayerCall, x: Value): number {
  const [axis, ...others] = axesOf(call, x)
  if (axis === undefined || others.length > 0) throw call.config.refuse('normalizes several axes at once, which is not read')
  return axis
}

/** An array of the sizes of `axes`, shaped to broadcast over `x`. */
function onAxes(call: LayerCall, slot: string, { axes, x }: { readonly axes: readonly number[]; readonly x: Value }): Value {
  const sizes = axes.map((axis) => sizeOf(call, x, axis))
  const shape = x.shape.map((_, axis) => (axes.includes(axis) ? sizes[axes.indexOf(axis)]! : 1))
  return reshape(call.builder, call.builder.constant(arrayOf(call, slot, sizes), slot), shape)
}

/** The tensor with axis `from` as axis `to`. */
function moved({ builder }: LayerCall, x: Value, from: number, to: number): Value {
  const others = x.shape.map((_, axis) => axis).filter((axis) => axis !== from)
  return transpose(builder, x, [...others.slice(0, to), from, ...others.slice(to)])
}
