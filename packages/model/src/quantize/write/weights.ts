// Weights in 8 bits: one scale for the whole tensor, or one for each slice along an axis (a channel). Tight loops over typed
// arrays: a weight of 100 million numbers takes about a second.
import { elementCount } from '@whyslow/graph/dtype.ts'
import { sqnrDb } from '@whyslow/graph/rewrite/matrices.ts'
import { affineOf, type QuantizationParameters, type QuantRange, type QuantType, quantRange, typeRange } from './numbers.ts'

/** A constant tensor of float32. */
export interface FloatWeights {
  readonly values: Float32Array
  readonly shape: readonly number[]
}

export interface WeightLayout {
  readonly type: QuantType
  readonly symmetric: boolean
  readonly reduced: boolean
  /** The axis of the channels; null: one scale for all. */
  readonly axis: number | null
}

export interface QuantizedWeights {
  readonly shape: readonly number[]
  /** Shaped as the weights. */
  readonly values: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>
  /** One per channel, or one. */
  readonly scales: Float32Array<ArrayBuffer>
  readonly zeroPoints: Int8Array<ArrayBuffer> | Uint8Array<ArrayBuffer>
  /** As the layout says. */
  readonly axis: number | null
}

/** Smallest and largest number of each channel. */
interface Ranges {
  readonly low: Float32Array
  readonly high: Float32Array
}

/** Runs of equal channel: `outer` times, every channel `inner` numbers long. */
interface Runs {
  readonly outer: number
  readonly channels: number
  readonly inner: number
}

/** Undefined if the weights hold NaN or infinity, which no scale covers. */
export function quantizeWeights(weights: FloatWeights, layout: WeightLayout): QuantizedWeights | undefined {
  const affines = weightAffines(weights, layout)
  return affines && withAffines(weights, layout, affines)
}

/** Scale and zero point of each channel; undefined if the weights hold NaN or infinity. */
export function weightAffines(weights: FloatWeights, layout: WeightLayout): readonly QuantizationParameters[] | undefined {
  const runs = runsOf(weights.shape, layout.axis)
  const ranges = rangesOf(weights.values, runs)
  if (ranges === undefined) return undefined
  const { low, high } = ranges
  const range = quantRange(layout.type, layout)
  return Array.from(low, (from, channel) => affineOf(from, high[channel]!, range, layout.symmetric))
}

/** The weights with scales and zero points that are settled. */
export function withAffines(
  { values, shape }: FloatWeights,
  layout: WeightLayout,
  affines: readonly QuantizationParameters[],
): QuantizedWeights {
  const runs = runsOf(shape, layout.axis)
  const scales = Float32Array.from(affines, ({ scale }) => scale)
  const zeroPoints = typed(layout.type, affines.length)
  affines.forEach(({ zeroPoint }, channel) => {
    zeroPoints[channel] = zeroPoint
  })
  const quantized = typed(layout.type, values.length)
  quantizeInto(quantized, values, runs, { scales, zeroPoints, ...typeRange(layout.type) })
  return { shape, values: quantized, scales, zeroPoints, axis: layout.axis }
}

function typed(type: QuantType, length: number) {
  return type === 'int8' ? new Int8Array(length) : new Uint8Array(length)
}

function runsOf(shape: readonly number[], axis: number | null): Runs {
  if (axis === null) return { outer: 1, channels: 1, inner: elementCount(shape) }
  return { outer: elementCount(shape.slice(0, axis)), channels: shape[axis]!, inner: elementCount(shape.slice(axis + 1)) }
}

/** Undefined if a number is NaN or infinite. No numbers: from 0 to 0. */
function rangesOf(values: Float32Array, { outer, channels, inner }: Runs): Ranges | undefined {
  const low = new Float32Array(channels).fill(outer * inner === 0 ? 0 : Number.POSITIVE_INFINITY)
  const high = new Float32Array(channels).fill(outer * inner === 0 ? 0 : Number.NEGATIVE_INFINITY)
  // NaN as soon as one number is NaN or infinite: no branch per number.
  let check = 0
  let at = 0
  for (let row = 0; row < outer; row++) {
    if (inner === 1) {
      for (let channel = 0; channel < channels; channel++) {
        const value = values[at++]!
        check += value - value
        if (value < low[channel]!) low[channel] = value
        if (value > high[channel]!) high[channel] = value
      }
      continue
    }
    for (let channel = 0; channel < channels; channel++) {
      let [least, most] = [low[channel]!, high[channel]!]
      for (const end = at + inner; at < end; at++) {
        const value = values[at]!
        check += value - value
        if (value < least) least = value
        if (value > most) most = value
      }
      low[channel] = least
      high[channel] = most
    }
  }
  return check === 0 ? { low, high } : undefined
}

const ROUNDING = 1.5 * 2 ** 52

function quantizeInto(
  into: Int8Array | Uint8Array,
  values: Float32Array,
  { outer, channels, inner }: Runs,
  { scales, zeroPoints, min, max }: QuantRange & Pick<QuantizedWeights, 'scales' | 'zeroPoints'>,
): void {
  let at = 0
  for (let row = 0; row < outer; row++) {
    for (let channel = 0; channel < channels; channel++) {
      const scale = scales[channel]!
      const zeroPoint = zeroPoints[channel]!
      for (const end = at + inner; at < end; at++) {
        const rounded = Math.fround(values[at]! / scale) + ROUNDING - ROUNDING + zeroPoint
        into[at] = rounded < min ? min : rounded > max ? max : rounded
      }
    }
  }
}

/** Sums of squares: of the weights, and of what quantizing changed. */
export function weightNoise({ values, shape }: FloatWeights, quantized: QuantizedWeights): { signal: number; noise: number } {
  const { outer, channels, inner } = runsOf(shape, quantized.axis)
  const { values: codes, scales, zeroPoints } = quantized
  let signal = 0
  let noise = 0
  let at = 0
  for (let row = 0; row < outer; row++) {
    for (let channel = 0; channel < channels; channel++) {
      const scale = scales[channel]!
      const zeroPoint = zeroPoints[channel]!
      for (const end = at + inner; at < end; at++) {
        const value = values[at]!
        const error = value - scale * (codes[at]! - zeroPoint)
        signal += value * value
        noise += error * error
      }
    }
  }
  return { signal, noise }
}

/** Signal to quantization noise of weights, dB; see `sqnrDb`. */
export function weightSqnrDb(weights: FloatWeights, quantized: QuantizedWeights): number {
  const { signal, noise } = weightNoise(weights, quantized)
  return sqnrDb(signal, noise)
}
