// Layers around one other layer. keras/src/layers/core/wrapper.py, …/rnn/time_distributed.py, …/normalization/spectral_normalization.py
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reshapeTo, shapeAsRun } from '@whyslow/graph/builder/shapes.ts'
import { type BoundLayer, type ChildSlot, type LayerCall, type LayerKind, writeLayer } from './layer.ts'
import type { LayerConfig } from './layer-config.ts'
import { onlyInput } from './layer-parts.ts'
import { headOf } from './serialized.ts'

/** The layer that a wrapper's configuration holds. */
function wrappedLayer(config: LayerConfig, name: string): ChildSlot {
  return { ...headOf(config.raw('layer'), { holder: config, around: `${name}/`, fallback: 'layer' }), attributes: ['layer'] }
}

const inner = ({ children }: BoundLayer): BoundLayer => children.get('layer')!

/** Layers that do the same at every step whether steps are an axis or part of the batch. */
const ALIKE: ReadonlySet<string> = new Set(['Dense', 'Activation', 'Dropout', 'ReLU', 'LeakyReLU', 'Rescaling'])

/** Steps become part of the batch, and come back. */
const timeDistributed: LayerKind = {
  classNames: ['TimeDistributed'],
  children: (config, _, name) => [wrappedLayer(config, name)],
  write(call) {
    const { builder } = call
    const x = onlyInput(call)
    const layer = inner(call)
    if (x.shape.length < 3) throw call.config.refuse(`is called with a tensor of ${x.shape.length} axes, not three or more`)
    if (ALIKE.has(layer.className)) return { outputs: writeLayer(builder, layer, { inputs: [x] }).outputs, mask: 'kept' }
    const rest = x.shape.slice(2)
    const whole = rest.every((size) => typeof size === 'number')
    const sizes = whole
      ? builder.ints([-1, ...(rest as number[])])
      : shapeOf(call, [{ of: undefined, axis: 0 }, ...rest.map((_, k) => ({ of: x, axis: k + 2 }))])
    const folded = reshapeTo(builder, x, sizes, [FOLDED, ...rest])
    const { outputs } = writeLayer(builder, layer, { inputs: [folded] })
    return { outputs: outputs.map((output) => unfolded(call, output, x)), mask: 'kept' }
  },
}

/** The size of the batch times the steps. */
const FOLDED = 'batch*steps'

function unfolded(call: LayerCall, y: Value, x: Value): Value {
  const [n, steps] = x.shape
  const rest = y.shape.slice(1)
  const shape = [n!, steps!, ...rest]
  if (typeof steps === 'number' && rest.every((size) => typeof size === 'number'))
    return reshapeTo(call.builder, y, call.builder.ints([-1, steps, ...(rest as number[])]), shape)
  const sizes = shapeOf(call, [{ of: x, axis: 0 }, { of: x, axis: 1 }, ...rest.map((_, k) => ({ of: y, axis: k + 1 }))])
  return reshapeTo(call.builder, y, sizes, shape)
}

/** Sizes as a list; of nothing: what remains. */
function shapeOf({ builder }: LayerCall, axes: readonly { readonly of: Value | undefined; readonly axis: number }[]): Value {
  const [first, ...others] = axes
  const rest = { name: '', dtype: 'float32', shape: [-1] } as const
  return shapeAsRun(builder, [
    { of: first!.of ?? rest, axis: first!.axis },
    ...others.map(({ of, axis }) => ({ of: of ?? rest, axis })),
  ])
}

/** The kernel is kept as it was normalized last; the vector is for training. */
const spectralNormalization: LayerKind = {
  classNames: ['SpectralNormalization'],
  arrays: () => [
    { name: 'kernel', trained: true, again: true },
    { name: 'vector_u', trained: false },
  ],
  children: (config, _, name) => [wrappedLayer(config, name)],
  write: (call) => writeLayer(call.builder, inner(call), call),
}

export const wrappers: readonly LayerKind[] = [timeDistributed, spectralNormalization]
