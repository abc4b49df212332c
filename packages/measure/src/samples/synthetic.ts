// Made-up inputs that respect type and plausible range. Random noise alone misleads: it gave NaN in a real model of music, where a
// tone did not, and ids beyond a table are refused.

import { InputError } from '@whyslow/graph/input-error.ts'
import { mulberry32, normal } from '@whyslow/graph/random.ts'
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Feeds, TensorValue } from '../engines/types.ts'
import { drawRow } from './columns.ts'
import { type Content, contentsOf } from './content.ts'
import { arrayFor, byteLength, elementCount, isPlainFloat, type NumericArray, store } from './dtype-arrays.ts'
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
        return [
          input.name,
          shared[index] ?? drawTensor(input, contents[index]!, { random, source: sources[index], ofSample, isPadded }),
        ]
      }),
    )
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
  /** Seed of what the inputs of one sample have in common. */
  readonly ofSample: number
  /** Texts are shorter than their axis. */
  readonly isPadded: boolean
}

const isSignal = (content: Content): content is Extract<Content, SignalContent> =>
  content.kind === 'sound' || content.kind === 'spectrum' || content.kind === 'series' || content.kind === 'normal'

function drawTensor(input: ResolvedInput, content: Content, { random, source, ofSample, isPadded }: Draw): TensorValue {
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
      return image(dtype, shape, content, random)
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
  if (dtype === 'float32') for (let index = 0; index < count; index++) data[index] = valueAt(index)
  else for (let index = 0; index < count; index++) store(dtype, data, index, valueAt(index))
  return { dtype, shape, data }
}

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
