// Pooling to a given number of cells, over windows that share the axis out as evenly as whole cells allow.
// keras/src/layers/pooling/base_adaptive_pooling.py
import type { GraphBuilder, Value } from '@whyslow/graph/builder/graph-builder.ts'
import { reduce } from '@whyslow/graph/builder/reduce.ts'
import { concat, slice } from '@whyslow/graph/builder/shapes.ts'
import type { LayerCall, LayerKind } from './layer.ts'
import { axesOfClass, channelsFirst, classesOf, floatInput, sizeOf } from './layer-parts.ts'

type Mode = 'max' | 'average'

/** Cells beyond which nobody pools: each becomes a slice of its own. */
const MOST_CELLS = 4096

const adaptive = (mode: Mode, name: string): LayerKind => ({
  classNames: classesOf(name),
  write(call) {
    const axes = axesOfClass(call.className)
    const x = floatInput(call, axes + 2)
    const sizes = call.config.perAxis('output_size', axes)
    const from = channelsFirst(call.config) ? 2 : 1
    return { outputs: [sizes.reduce((value, size, k) => pooledAxis(call, value, { axis: from + k, size, mode }), x)] }
  },
})

export const adaptivePoolings: readonly LayerKind[] = [
  adaptive('average', 'AdaptiveAveragePooling'),
  adaptive('max', 'AdaptiveMaxPooling'),
]

/** Means of means of windows that all have one size are the window's mean, axis by axis; so are the largest of the largest. */
function pooledAxis(
  call: LayerCall,
  x: Value,
  parts: { readonly axis: number; readonly size: number; readonly mode: Mode },
): Value {
  const { axis, size, mode } = parts
  const { builder, config } = call
  const length = sizeOf(call, x, axis)
  if (!Number.isInteger(size) || size < 1 || size > MOST_CELLS) throw config.refuse(`pools to ${size} cells`)
  if (length === size) return x
  const cells = Array.from({ length: size }, (_, k): readonly [number, number] => [
    Math.floor((k * length) / size),
    Math.ceil(((k + 1) * length) / size),
  ])
  return concat(
    builder,
    cells.map(([start, end]) => cellOf(builder, slice(builder, x, [{ axis, start, end }]), { axis, mode })),
    axis,
  )
}

const cellOf = (builder: GraphBuilder, x: Value, { axis, mode }: { readonly axis: number; readonly mode: Mode }): Value =>
  reduce(builder, mode === 'max' ? 'ReduceMax' : 'ReduceMean', x, { axes: [axis], keepDims: true })
