// Made-up inputs that respect type and plausible range. Random noise alone misleads: it gave NaN in a real model of music, where a
// tone did not, and ids beyond a table are refused.

import { LARGEST_FLOAT16 } from '@whyslow/graph/encode.ts'
import { InputError } from '@whyslow/graph/input-error.ts'
import type { Model } from '@whyslow/graph/model.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { drawRow } from './columns.ts'
import { type Content, contentsOf, imageAxes, likenessOf } from './content.ts'
import { arrayFor, byteLength, elementCount, isPlainFloat, type NumericArray, store } from './dtype-arrays.ts'
import { type ImageAxes, photoTensor } from './photo-tensors.ts'
import type { PictureNumbers } from './picture-numbers.ts'
import { ASSUMED_PIXELS, findPixels, type Pixels } from './pixels.ts'
import type { ResolvedInput } from './resolved.ts'
import { SENTENCES } from './sentences.ts'
import type { SignalContent } from './signal-content.ts'
import { drawSignal, type Source, sourceOf } from './signals.ts'
import { drawTokens, textLengths } from './token-ids.ts'

/** Together the samples take at most this; fewer are made where one is large. */
const MOST_BYTES = 512 * 2 ** 20
export const DEFAULT_SAMPLES = 8

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
  const isPadded = contents.some((content) => content.kind === 'tokens' && content.isPadded)
  const shared = inputs.map((input, index) => sharedTensor(input, contents[index]!, isPadded))
  const sources = inputs.map(({ shape }, index) => {
    const content = contents[index]!
    return isSignal(content) ? sourceOf(content, shape, mulberry32(seed)) : undefined
  })
  return Array.from({ length: samples }, (_, sample) => {
    const ofSample = seed * 7919 + sample * 104729
    return Object.fromEntries(
      inputs.map((input, index) => {
        // Columns of one row come from one draw, whichever inputs hold them.
        const isRow = contents[index]!.kind === 'rows'
        const random = mulberry32(ofSample + (isRow ? 0 : index * 15485863))
        const draw = { random, source: sources[index], number: sample + (seed - 1) * samples, ofSample, isPadded }
        return [input.name, shared[index] ?? drawTensor(input, contents[index]!, draw)]
      }),
    )
  })
}

export type WithPixels = (inputs: readonly ResolvedInput[]) => readonly ResolvedInput[]

/**
 * Gives inputs that take photos of floats the values that the model was trained on: the user's or its own numbers, else what it tells itself. Numbers
 * that cannot be read are none: they stop only those who give images.
 */
export function pixelsIn(model: Model, given: () => PictureNumbers | null): WithPixels {
  const known = new Map<string, Pixels>()
  return (inputs) =>
    inputs.map((input) => {
      const axes = isPlainFloat(input.dtype) && input.values === undefined ? imageAxes(input) : undefined
      if (axes === undefined) return input
      const channels = input.shape[axes.channels]!
      const key = `${input.name} ${channels}`
      const numbers = known.has(key) ? null : orNull(given)
      if (numbers !== null) known.set(key, { ...numbers, why: `${numbers.from} says so.` })
      else if (!known.has(key)) known.set(key, findPixels(model, input.name, channels) ?? ASSUMED_PIXELS)
      return { ...input, pixels: known.get(key)! }
    })
}

function orNull(given: () => PictureNumbers | null): PictureNumbers | null {
  try {
    return given()
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
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

function sharedTensor(input: ResolvedInput, content: Content, isPadded: boolean): TensorValue | undefined {
  const { dtype, shape } = input
  if (content.kind === 'values') return givenTensor(input)
  const last = shape.at(-1) ?? 1
  if (content.kind === 'fill') return tensorOf(dtype, shape, () => content.value)
  if (content.kind === 'mask' && !isPadded) return tensorOf(dtype, shape, () => 1)
  if (content.kind === 'positions') return tensorOf(dtype, shape, (index) => Math.min(index % last, content.below - 1))
  return undefined
}

interface Draw {
  readonly random: () => number
  readonly source: Source | undefined
  /** How many tensors of the input were drawn before. */
  readonly number: number
  /** Seed of what the inputs of one sample have in common. */
  readonly ofSample: number
  /** Texts are shorter than their axis. */
  readonly isPadded: boolean
}

const isSignal = (content: Content): content is Extract<Content, SignalContent> =>
  content.kind === 'sound' || content.kind === 'spectrum' || content.kind === 'series' || content.kind === 'normal'

function drawTensor(input: ResolvedInput, content: Content, { random, source, number, ofSample, isPadded }: Draw): TensorValue {
  const { dtype, shape } = input
  const length = shape.at(-1) ?? 1
  const rows = elementCount(shape) / Math.max(1, length)
  switch (content.kind) {
    case 'words':
      return { dtype, shape, data: Array.from({ length: elementCount(shape) }, () => oneOf(SENTENCES, random)) }
    case 'rows':
      return rowsTensor(input, random)
    case 'ids':
      return tensorOf(dtype, shape, () => content.from + Math.floor(random() * (content.below - content.from)))
    case 'tokens': {
      const lengths = content.isPadded ? textLengths(rows, length, ofSample) : null
      const ids = drawTokens(content, { rows, length, lengths }, random)
      return tensorOf(dtype, shape, (index) => ids[index]!)
    }
    case 'mask': {
      const lengths = isPadded ? textLengths(rows, length, ofSample) : null
      return tensorOf(dtype, shape, (index) => (index % length < (lengths?.[Math.floor(index / length)] ?? length) ? 1 : 0))
    }
    case 'image':
      return photoTensor({ dtype, shape }, content, number * imagesIn(shape, content.axes), random)
    default:
      return isSignal(content) ? signal(input, content, source!, random) : tensorOf(dtype, shape, () => normal(random))
  }
}

const oneOf = <T>(choices: readonly T[], random: () => number): T => choices[Math.floor(random() * choices.length)]!

function signal({ dtype, shape }: ResolvedInput, content: SignalContent, source: Source, random: () => number): TensorValue {
  const values = drawSignal(content, source, shape, random)
  source.fit?.(values, shape)
  const { quantized } = content
  if (quantized === undefined)
    return dtype === 'float32' ? { dtype, shape, data: values } : tensorOf(dtype, shape, (index) => values[index]!)
  const lowest = dtype === 'uint8' ? 128 : 0
  return tensorOf(dtype, shape, (index) => {
    const whole = Math.round(values[index]! / quantized.scale) + quantized.zero
    return lowest + Math.min(127, Math.max(-128, whole))
  })
}

/** The input's columns of a row for each row of the shape. */
function rowsTensor({ dtype, shape, known }: ResolvedInput, random: () => number): TensorValue {
  const { rows, firstColumn = 0, columnCount = 1, texts = [] } = known!
  const width = shape.length === 2 ? shape[1]! : shape.length === 1 && columnCount > 1 ? shape[0]! : 1
  const drawn: number[] = []
  while (drawn.length < elementCount(shape)) {
    const row = drawRow(rows!, () => normal(random), random)
    for (let column = 0; column < width; column++) drawn.push(row[firstColumn + column] ?? 0)
  }
  if (dtype === 'string') return { dtype, shape, data: drawn.map((place) => texts[place] ?? oneOf(texts, random) ?? '') }
  const whole = !isPlainFloat(dtype)
  return tensorOf(dtype, shape, (index) => (whole ? Math.round(drawn[index]! || 0) : drawn[index]!))
}

function tensorOf(dtype: TensorValue['dtype'], shape: readonly number[], valueAt: (index: number) => number): TensorValue {
  const count = elementCount(shape)
  const data: NumericArray = arrayFor(dtype, count)
  // A mean that the model stores may be more than its input can hold.
  const most = dtype === 'float16' ? LARGEST_FLOAT16 : Number.POSITIVE_INFINITY
  if (dtype === 'float32') for (let index = 0; index < count; index++) data[index] = valueAt(index)
  else for (let index = 0; index < count; index++) store(dtype, data, index, Math.max(-most, Math.min(most, valueAt(index))))
  return { dtype, shape, data }
}

/** Images in one tensor, or videos. */
const imagesIn = (shape: readonly number[], axes: ImageAxes): number =>
  elementCount(shape) / Object.values(axes).reduce<number>((product, axis) => product * (axis === null ? 1 : shape[axis]!), 1)
