// Made-up inputs that respect type and plausible range. Random noise alone misleads: it gave NaN in a real model of music, where a
// tone did not, and ids beyond a table are refused.

import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { type Content, contentsOf, likenessOf } from './content.ts'
import { arrayFor, byteLength, elementCount, type NumericArray, store } from './dtype-arrays.ts'
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
        return [input.name, shared[index] ?? drawTensor(input, contents[index]!, random)]
      }),
    ),
  )
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

function drawTensor({ dtype, shape }: ResolvedInput, content: Content, random: () => number): TensorValue {
  switch (content.kind) {
    case 'words':
      return { dtype, shape, data: Array.from({ length: elementCount(shape) }, () => phrase(random)) }
    case 'ids':
      return tensorOf(dtype, shape, () => content.from + Math.floor(random() * (content.below - content.from)))
    case 'image':
      return image(dtype, shape, content, random)
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

const phrase = (random: () => number): string =>
  Array.from({ length: 4 }, () => WORDS[Math.floor(random() * WORDS.length)]!).join(' ')

/** Each channel a sum of two slow waves and a little noise, clipped to the range. */
function image(
  dtype: TensorValue['dtype'],
  shape: readonly number[],
  { channelsLast, low, high }: Extract<Content, { kind: 'image' }>,
  random: () => number,
): TensorValue {
  const [height, width, channels] = (channelsLast ? shape.slice(-3) : [...shape.slice(-2), shape.at(-3)!]) as [
    number,
    number,
    number,
  ]
  const planes = Array.from({ length: channels }, () => ({
    level: 0.35 + 0.3 * random(),
    waves: Array.from({ length: 2 }, () => {
      const size = 0.1 + 0.15 * random()
      return { across: wave(width, 3 * random(), 2 * Math.PI * random(), size), down: wave(height, 3 * random(), 0, 1) }
    }),
  }))
  const whole = !dtype.startsWith('float') && dtype !== 'bfloat16'
  return tensorOf(dtype, shape, (index) => {
    const channel = channelsLast ? index % channels : Math.floor(index / (width * height)) % channels
    const pixel = channelsLast ? Math.floor(index / channels) : index
    const x = pixel % width
    const y = Math.floor(pixel / width) % height
    const { level, waves } = planes[channel]!
    let value = level + 0.08 * (random() - 0.5)
    for (const { across, down } of waves) value += across.sin[x]! * down.cos[y]! + across.cos[x]! * down.sin[y]!
    const scaled = low + (high - low) * Math.min(1, Math.max(0, value))
    return whole ? Math.round(scaled) : scaled
  })
}

/** A wave of this many periods over a length; two of them multiply to a wave in the plane, sin(a + b). */
function wave(
  length: number,
  periods: number,
  phase: number,
  size: number,
): { readonly sin: Float64Array; readonly cos: Float64Array } {
  const radians = (step: number) => (2 * Math.PI * periods * step) / length + phase
  return {
    sin: Float64Array.from({ length }, (_, step) => size * Math.sin(radians(step))),
    cos: Float64Array.from({ length }, (_, step) => size * Math.cos(radians(step))),
  }
}

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
