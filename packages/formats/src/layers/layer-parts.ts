// What most layers do: take their one input, check and use their arrays, end with an activation.

import { type ConstantData, reshapeConstant } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { axisOf } from '@whyslow/graph/builder/shapes.ts'
import type { InputError } from '@whyslow/graph/input-error.ts'
import { type Activation, activation, activationOf } from '../tensorflow/activations.ts'
import type { ArraySlot, LayerCall } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'

/** The array of a slot, whose shape must be the one given (null: any size). Throws InputError if it is not. */
export function arrayOf(
  call: Pick<LayerCall, 'arrays' | 'config'>,
  slot: string,
  shape: readonly (number | null)[],
): ConstantData {
  const array = call.arrays.get(slot)
  if (array === undefined) throw call.config.refuse(`has no array for its ${slot}; save the model again, with its weights`)
  const fits = array.shape.length === shape.length && shape.every((size, axis) => size === null || size === array.shape[axis])
  if (!fits) throw wrongShape(call, { slot, given: array.shape, wanted: shape })
  return array
}

function wrongShape(
  { config }: Pick<LayerCall, 'config'>,
  parts: { readonly slot: string; readonly given: readonly number[]; readonly wanted: readonly (number | null)[] },
): InputError {
  const wanted = parts.wanted.map((size) => size ?? '?').join('x')
  const given = parts.given.join('x')
  return config.refuse(
    `needs ${wanted || 'one number'} for its ${parts.slot}, and the file has ${given || 'one number'}; save the model again`,
  )
}

/** The input of a layer that has one. Throws InputError if it has none or more. */
export function onlyInput(call: LayerCall, rank?: number): Value {
  const [x] = call.inputs
  if (x === undefined || call.inputs.length !== 1)
    throw call.config.refuse(`is called with ${call.inputs.length} tensors, not one`)
  if (rank !== undefined && x.shape.length !== rank)
    throw call.config.refuse(`is called with a tensor of ${x.shape.length} axes, not ${rank}`)
  return x
}

/** The input in float32: layers that compute cast what is not. */
export function floatInput(call: LayerCall, rank?: number): Value {
  return asFloat(call, onlyInput(call, rank))
}

export function asFloat({ builder }: Pick<LayerCall, 'builder'>, x: Value): Value {
  return x.dtype === 'float32' ? x : builder.op('Cast', [x], { dtype: 'float32', shape: x.shape }, { to: 1 })
}

/** The size of an axis that must be told (channels). Throws InputError if the file leaves it open. */
export function sizeOf(call: Pick<LayerCall, 'config'>, x: Value, axis: number): number {
  const size = x.shape.at(axis)
  if (typeof size !== 'number') throw call.config.refuse(`needs a size for axis ${axis} of its input, which the file leaves open`)
  return size
}

/** An axis of `x` counted from the front. Throws InputError if there is none. */
export function axisIn({ config }: Pick<LayerCall, 'config'>, x: Value, axis: number): number {
  try {
    return axisOf(axis, x.shape.length)
  } catch {
    throw config.refuse(`works on axis ${axis} of ${x.shape.length}`)
  }
}

/** Applies the activation that `key` of the configuration names. Throws InputError if it is not known. */
export function activate(call: LayerCall, x: Value, key = 'activation'): Value {
  const spec = call.config.raw(key)
  const result = activation(call.builder, x, spec, call.dialect)
  if (result === undefined) throw call.config.refuse(`has the activation ${JSON.stringify(spec)}, which is not known`)
  return result
}

/** The function that `key` names, `fallback` if the file names none. Throws InputError if it is not known. */
export function activationIn(
  { config, dialect }: Pick<LayerCall, 'config' | 'dialect'>,
  key: string,
  fallback: string,
): Activation {
  const spec = config.values[key] === undefined ? fallback : config.raw(key)
  const activation = activationOf(spec, dialect)
  if (activation === undefined) throw config.refuse(`has the ${key} ${JSON.stringify(spec)}, which is not known`)
  return activation
}

/** Spatial axes of a class that says them: Conv2D has two. */
export const axesOfClass = (className: string): number => Number(/(\d)D/.exec(className)?.[1] ?? 2)

/** A class for each number of spatial axes: `name`1D, 2D and 3D. */
export const classesOf = (name: string): string[] => [1, 2, 3].map((axes) => `${name}${axes}D`)

/** Slots of arrays that training changes. */
export const trainableSlots = (...names: readonly string[]): ArraySlot[] => names.map((name) => ({ name, trained: true }))

/** The same, and a bias unless the file says that there is none. */
export const trainableSlotsWithBias = (config: LayerConfig, ...names: readonly string[]): ArraySlot[] =>
  trainableSlots(...names, ...(config.flag('use_bias', true) ? ['bias'] : []))

/** The bias, where the layer has one. */
export const biasOf = (call: Pick<LayerCall, 'arrays' | 'config' | 'builder'>, outputs: number): Value | undefined =>
  call.arrays.has('bias') ? call.builder.constant(arrayOf(call, 'bias', [outputs]), 'bias') : undefined

/** Whether channels stand before the spatial axes. Files name it unless they were made with the default, channels last. */
export const channelsFirst = (config: LayerConfig): boolean => config.text('data_format', 'channels_last') === 'channels_first'

/** A constant of one number a channel, shaped to broadcast over a tensor of `rank` axes whose channels are `axis`. */
export function perChannel(
  { builder }: Pick<LayerCall, 'builder'>,
  data: ConstantData,
  { rank, axis }: { readonly rank: number; readonly axis: number },
): Value {
  return builder.constant(reshapeConstant(data, [data.shape[0]!, ...new Array<number>(rank - 1 - axis).fill(1)]))
}
