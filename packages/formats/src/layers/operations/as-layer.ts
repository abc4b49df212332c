// Layers that do what an operation of a functional graph does: convolutions, pooling, resized images.
import type { ConstantData } from '@whyslow/graph/builder/constant-data.ts'
import type { Value } from '@whyslow/graph/builder/graph-builder.ts'
import { adaptivePoolings } from '../adaptive-pooling.ts'
import { wholesIn } from '../arguments.ts'
import { convolutions } from '../convolutions.ts'
import { images } from '../images.ts'
import type { JsonRecord } from '../layer-config.ts'
import { poolings } from '../pooling.ts'
import { float, type Operation } from './operation.ts'

const LAYERS = new Map(
  [...convolutions, ...poolings, ...adaptivePoolings, ...images].flatMap((kind) =>
    kind.classNames.map((name) => [name, kind] as const),
  ),
)

/** What the layer of that class makes of the first argument, or of `x`. */
export function asLayer(
  op: Operation,
  className: string,
  values: JsonRecord,
  { x = float(op, 0), arrays = new Map() }: { readonly x?: Value; readonly arrays?: ReadonlyMap<string, ConstantData> } = {},
): Value {
  const kind = LAYERS.get(className)
  if (kind === undefined) throw op.refuse(`works on ${axesOf(op)} axes, which is not written here`)
  const config = op.config.with({ ...values, data_format: isChannelsFirst(op) ? 'channels_first' : 'channels_last' })
  const { builder, dialect } = op
  const called = { inputs: [x], masks: [undefined], args: [x], kwargs: {}, kwargMasks: {} }
  const { outputs } = kind.write({
    builder,
    kind,
    dialect,
    className,
    name: className,
    config,
    arrays,
    children: new Map(),
    ...called,
  })
  return outputs[0]!
}

/** Spatial axes of the first argument. */
export const axesOf = (op: Operation): number => float(op, 0).shape.length - 2

/** Keras says 'channels_first', TensorFlow 'NCHW'. */
export function isChannelsFirst(op: Operation): boolean {
  const { data_format: format } = op.settings
  return format === 'channels_first' || (typeof format === 'string' && /^NC./.test(format))
}

/** Sizes along the spatial axes: one number for all, one for each, or one for every axis of the tensor as TensorFlow has it. */
export function sizesIn(op: Operation, key: string): readonly number[] | number | null {
  const told = op.settings[key]
  if (told === undefined || told === null || typeof told === 'number') return told ?? null
  const sizes = wholesIn(told)
  const axes = axesOf(op)
  if (sizes === undefined) throw op.refuse(`has no numbers for its ${key}`)
  if (sizes.length === axes + 2) return isChannelsFirst(op) ? sizes.slice(2) : sizes.slice(1, -1)
  return sizes.length === 1 ? sizes[0]! : sizes
}

export function paddingIn(op: Operation): string {
  const { padding = 'valid' } = op.settings
  if (typeof padding !== 'string') throw op.refuse('pads by numbers, which is not written here')
  return padding.toLowerCase()
}
