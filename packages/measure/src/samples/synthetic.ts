// Made-up inputs that respect type and plausible range. Random noise alone misleads: it gave NaN in a real model of music, where a
// tone did not, and ids beyond a table are refused.

import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { type Content, contentsOf, imageAxes, likenessOf } from './content.ts'
import { arrayFor, byteLength, elementCount, isPlainFloat, type NumericArray, store } from './dtype-arrays.ts'
import { type ImageAxes, photoTensor } from './photo-tensors.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { ASSUMED, findPixels, type Pixels } from './pixels.ts'
import type { ResolvedInput } from './resolved.ts'

/** Together the samples take at most this; fewer are made where one is large. */
const MOST_BYTES = 512 * 2 ** 20
export const DEFAULT_SAMPLES = 8

const WORDS = 'the a model reads short plain words from some text that people write every day'.split(' ')

/**
 * `count` different samples, the same for the same seed. Contents that do not differ (masks, states, given values) are one tensor
 * shared by all samples. Throws an InputError if a given value does not fit its input.
 */
export function synthesize(
  inputs: readonly ResolvedInput[],
  graph: GraphView,
  count = DEFAULT_SAMPLES,
  seed = 1,
): readonly Feeds[] {
  const contents = contentsOf(inputs, graph)
  const sampleBytes = inputs.reduce((total, { dtype, shape }) => total + (byteLength(dtype, elementCount(shape)) ?? 0), 0)
  const samples = Math.max(1, Math.min(count, Math.floor(MOST_BYTES / Math.max(1, sampleBytes))))
  const shared = inputs.map((input, index) => sharedTensor(input, contents[index]!))
  return Array.from({ length: samples }, (_, sample) =>
    Object.fromEntries(
      inputs.map((input, index) => {
        const random = mulberry32(seed * 7919 + sample * 104729 + index * 15485863)
        return [input.name, shared[index] ?? drawTensor(input, contents[index]!, sample + (seed - 1) * samples, random)]
      }),
    ),
  )
}

export type WithPixels = (inputs: readonly ResolvedInput[]) => readonly ResolvedInput[]

/** Gives inputs that take photos of floats the values that the model was trained on: the user's or its own numbers, else what it tells itself. */
export function pixelsIn(model: Model, given: () => PictureNumbers | null): WithPixels {
  const known = new Map<string, Pixels>()
  return (inputs) =>
    inputs.map((input) => {
      const axes = isPlainFloat(input.dtype) && input.values === undefined ? imageAxes(input) : undefined
      if (axes === undefined) return input
      const channels = input.shape[axes.channels]!
      const key = `${input.name} ${channels}`
      const numbers = known.has(key) ? null : given()
      if (numbers !== null) known.set(key, { ...numbers, why: `${numbers.from} says so.` })
      else if (!known.has(key)) known.set(key, findPixels(model, input.name, channels) ?? ASSUMED)
      return { ...input, pixels: known.get(key)! }
    })
}

/** The inputs, each with what `synthesize` makes its values resemble. */
export function withLikeness(inputs: readonly ResolvedInput[], graph: GraphView): readonly ResolvedInput[] {
  return contentsOf(inputs, graph).map((content, at) => {
    const likeness = likenessOf(content)
    return likeness === undefined ? inputs[at]! : { ...inputs[at]!, likeness }
  })
}

/** The tensor of an input whose values were given: one for all elements, or each. Throws an InputError if they do not fit. */
export function givenTensor({ name, dtype, shape, values = [] }: ResolvedInput): TensorValue {
  const count = elementCount(shape)
  if (values.length !== 1 && values.length !== count) {
    throw new InputError(
      `--value ${name}: ${values.length} values for the ${count} elements of ${shape.join('x')}; give one, or all`,
    )
  }
  const at = (index: number) => values[values.length === 1 ? 0 : index]!
  if (dtype === 'string') return { dtype, shape, data: Array.from({ length: count }, (_, index) => String(at(index))) }
  const data = arrayFor(dtype, count)
  for (let index = 0; index < count; index++) {
    if (!store(dtype, data, index, at(index) as number | bigint)) {
      throw new InputError(`--value ${name}: ${at(index)} does not fit ${dtype}; give a number that does`)
    }
  }
  return { dtype, shape, data }
}

function sharedTensor(input: ResolvedInput, content: Content): TensorValue | undefined {
  const { dtype, shape } = input
  if (content.kind === 'values') return givenTensor(input)
  const last = shape.at(-1) ?? 1
  if (content.kind === 'fill') return tensorOf(dtype, shape, () => content.value)
  if (content.kind === 'positions') return tensorOf(dtype, shape, (index) => Math.min(index % last, content.below - 1))
  return undefined
}

/** `number`: how many tensors of the input were drawn before. */
function drawTensor({ dtype, shape }: ResolvedInput, content: Content, number: number, random: () => number): TensorValue {
  switch (content.kind) {
    case 'words':
      return { dtype, shape, data: Array.from({ length: elementCount(shape) }, () => phrase(random)) }
    case 'ids':
      return tensorOf(dtype, shape, () => content.from + Math.floor(random() * (content.below - content.from)))
    case 'image':
      return photoTensor({ dtype, shape }, content, number * imagesIn(shape, content.axes), random)
    case 'signal':
      return tensorOf(dtype, shape, tones(shape, random))
    default:
      return tensorOf(dtype, shape, () => normal(random))
  }
}

function tensorOf(dtype: TensorValue['dtype'], shape: readonly number[], valueAt: (index: number) => number): TensorValue {
  const count = elementCount(shape)
  const data: NumericArray = arrayFor(dtype, count)
  if (dtype === 'float32') for (let index = 0; index < count; index++) data[index] = valueAt(index)
  else for (let index = 0; index < count; index++) store(dtype, data, index, valueAt(index))
  return { dtype, shape, data }
}

/** Images in one tensor, or videos. */
const imagesIn = (shape: readonly number[], axes: ImageAxes): number =>
  elementCount(shape) / Object.values(axes).reduce<number>((product, axis) => product * (axis === null ? 1 : shape[axis]!), 1)

const phrase = (random: () => number): string =>
  Array.from({ length: 4 }, () => WORDS[Math.floor(random() * WORDS.length)]!).join(' ')

/** Five tones between about 100 and 3000 Hz at 16 kHz, at speech level, along the longest axis. */
function tones(shape: readonly number[], random: () => number): (index: number) => number {
  const along = shape.indexOf(Math.max(...shape))
  const stride = elementCount(shape.slice(along + 1))
  const length = shape[along]!
  const parts = Array.from({ length: 5 }, () => ({
    radians: 0.04 + 1.1 * random() ** 2,
    phase: 2 * Math.PI * random(),
    size: 0.02 + 0.08 * random(),
  }))
  return (index) => {
    const step = Math.floor(index / stride) % length
    return parts.reduce((sum, { radians, phase, size }) => sum + size * Math.sin(radians * step + phase), 0)
  }
}
