// Layers that move, repeat or cut cells, and compute nothing. keras/src/layers/reshaping/

import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { isPermutation } from '@whyslow/graph/builder/permutation.ts'
import { countOf, crop, reshape, tile, unsqueeze, withRemainder } from '@whyslow/graph/builder/shapes.ts'
import type { Dimension } from '@whyslow/graph/types.ts'
import { toChannelsLast, transpose } from '../tensorflow/layout.ts'
import { pad } from '../tensorflow/pad.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import type { Json } from './layer-config.ts'
import { axesOfClass, channelsFirst, classesOf, onlyInput } from './layer-parts.ts'

/** Moves channels last if they are first: the order of cells is that of channels last. */
const flatten: LayerKind = {
  classNames: ['Flatten'],
  write(call) {
    const { builder, config } = call
    const x = onlyInput(call)
    const rank = x.shape.length
    const turned = channelsFirst(config) && rank > 2 ? toChannelsLast(builder, x) : x
    if (rank === 1) return { outputs: [unsqueeze(builder, x, [1])] }
    return { outputs: [shaped(call, turned, [countOf(turned.shape.slice(1))])] }
  },
}

const reshapeLayer: LayerKind = {
  classNames: ['Reshape'],
  write(call) {
    const x = onlyInput(call)
    const listed = call.config.raw('target_shape')
    // TensorFlow.js writes null for the size that is left open.
    const opened = Array.isArray(listed) ? listed.map((size) => size ?? -1) : (listed ?? null)
    const target = call.config.with({ target_shape: opened }).numbers('target_shape')
    const given = x.shape.slice(1)
    const sizes = withRemainder(given, target)
    if (sizes === undefined)
      throw call.config.refuse(`gives ${countOf(given)} cells the shape ${target.join('x')}; save the model again`)
    return { outputs: [shaped(call, x, sizes)] }
  },
}

/** The same cells in another shape behind the batch; one size may be open. */
function shaped({ builder, config }: LayerCall, x: Value, sizes: readonly Dimension[]): Value {
  try {
    return reshape(builder, x, [x.shape[0]!, ...sizes])
  } catch {
    throw config.refuse(`gives cells of an open size another shape (${sizes.join('x')}), which cannot be inferred`)
  }
}

const permute: LayerKind = {
  classNames: ['Permute'],
  write(call) {
    const x = onlyInput(call)
    const axes = call.config.numbers('dims')
    if (!isPermutation([0, ...axes], x.shape.length))
      throw call.config.refuse(`puts ${x.shape.length - 1} axes into the order ${axes.join(', ')}`)
    return { outputs: [transpose(call.builder, x, [0, ...axes])] }
  },
}

const repeatVector: LayerKind = {
  classNames: ['RepeatVector'],
  write(call) {
    const x = onlyInput(call, 2)
    return { outputs: [tile(call.builder, unsqueeze(call.builder, x, [1]), [1, call.config.number('n'), 1])] }
  },
}

const zeroPadding: LayerKind = {
  classNames: classesOf('ZeroPadding'),
  write(call) {
    const x = onlyInput(call)
    const pairs = pairsOf(call, 'padding')
    const first = spatialAxis(call)
    const all = x.shape.map((_, axis) => pairs[axis - first] ?? ([0, 0] as const))
    return { outputs: [pad(call.builder, x, all)] }
  },
}

const cropping: LayerKind = {
  classNames: classesOf('Cropping'),
  write(call) {
    const x = onlyInput(call)
    const first = spatialAxis(call)
    const pairs = pairsOf(call, 'cropping')
    for (const [k, [before, after]] of pairs.entries()) {
      const size = x.shape[first + k]
      if (typeof size === 'number' && before + after >= size) throw call.config.refuse(`crops ${before + after} cells of ${size}`)
    }
    return { outputs: [crop(call.builder, x, first, pairs)] }
  },
}

const spatialAxis = ({ config }: LayerCall): number => (channelsFirst(config) ? 2 : 1)

/** Cells before and after each spatial axis: a number, one each, or a pair each; of one axis a pair is its own. */
function pairsOf({ config, className, inputs }: LayerCall, key: string): (readonly [number, number])[] {
  const axes = axesOfClass(className)
  const value = config.raw(key) ?? 1
  const list = Array.isArray(value) ? (value as readonly Json[]) : new Array<Json>(axes).fill(value)
  const flat = axes === 1 && list.length === 2 && list.every((item) => typeof item === 'number') ? [list] : list
  const pairs = flat.map((item) => (Array.isArray(item) ? item : [item, item]))
  const sound = (pair: readonly unknown[]) =>
    pair.length === 2 && pair.every((item) => typeof item === 'number' && Number.isInteger(item) && item >= 0)
  if (pairs.length !== axes || !pairs.every(sound))
    throw config.refuse(`has ${JSON.stringify(value)} for ${key}; save the model again`)
  if (inputs[0]?.shape.length !== axes + 2)
    throw config.refuse(`is called with a tensor of ${inputs[0]?.shape.length} axes, not ${axes + 2}`)
  return pairs as unknown as (readonly [number, number])[]
}

export const reshapings: readonly LayerKind[] = [flatten, reshapeLayer, permute, repeatVector, zeroPadding, cropping]
