// The arithmetic of TensorFlow's converter: real = scale · (q - zero point). Weights are symmetric in [-127, 127], by channel where the kernel
// takes it; activations asymmetric in [-128, 127]. Halves are rounded away from zero.
// https://github.com/google-ai-edge/LiteRT/blob/main/tflite/g3doc/performance/quantization_spec.md
import { InputError } from '@whyslow/graph/input-error.ts'
import type { LiteTensor, Quantization } from '../write/index.ts'

const MOST_WEIGHT = 127
const [LEAST, MOST] = [-128, 127]
/** Ranges narrower than this are made so wide: a scale of 0 would divide by it. */
const NARROWEST = 1e-6

export interface Range {
  readonly low: number
  readonly high: number
}

/** The scale of weights is exact with float activations; with int8 activations it is a float32 and multiplied by its inverse. */
export type ScaleKind = 'exact' | 'float32'

/** `axis`: of the channels; null: one scale for all. Throws a RangeError if a weight is no finite number. */
export function quantizedWeights(weights: LiteTensor, axis: number | null, kind: ScaleKind): LiteTensor {
  const data = weights.data as Float32Array
  const shape = weights.shape as readonly number[]
  const channels = axis === null ? 1 : shape[axis]!
  const inner = axis === null ? data.length : shape.slice(axis + 1).reduce((all, size) => all * size, 1)
  const scales = Float64Array.from(peaksOf(data, { channels, inner }), (peak) => scaleOf(peak, kind))
  const inverses = scales.map((scale) => Math.fround(1 / scale))
  const codes = new Int8Array(data.length)
  for (let at = 0; at < data.length; at++) {
    const channel = Math.floor(at / inner) % channels
    const steps = kind === 'exact' ? data[at]! / scales[channel]! : Math.fround(data[at]! * inverses[channel]!)
    codes[at] = Math.max(-MOST_WEIGHT, Math.min(MOST_WEIGHT, roundedAway(steps)))
  }
  const quantization = { scales: [...scales], zeroPoints: [...scales].map(() => 0), axis: axis ?? 0 }
  return { name: weights.name, dtype: 'int8', shape, data: codes, quantization }
}

/** What `quantize` gives. Throws InputError, which names the file, if a weight is no finite number. */
export function quantizedOf<T>(file: string, quantize: () => T): T {
  try {
    return quantize()
  } catch (error) {
    if (error instanceof RangeError) throw new InputError(`${file}: ${error.message}; it cannot be quantized`, { cause: error })
    throw error
  }
}

function peaksOf(data: Float32Array, { channels, inner }: { readonly channels: number; readonly inner: number }): Float64Array {
  const peaks = new Float64Array(channels)
  for (let at = 0; at < data.length; at++) {
    const size = Math.abs(data[at]!)
    if (!(size < Number.POSITIVE_INFINITY)) throw new RangeError('a weight is not a finite number')
    const channel = Math.floor(at / inner) % channels
    peaks[channel] = Math.max(peaks[channel]!, size)
  }
  return peaks
}

function scaleOf(peak: number, kind: ScaleKind): number {
  const wide = 2 * peak <= NARROWEST ? NARROWEST / 2 : peak
  return kind === 'exact' ? wide / MOST_WEIGHT : Math.fround(wide / MOST_WEIGHT)
}

const roundedAway = (value: number): number => Math.sign(value) * Math.round(Math.abs(value))

/** Quantization of an activation with this range: 0 is within it and has a code of its own. */
export function activationQuantization({ low, high }: Range): Quantization {
  const [least, most] = [Math.min(low, 0), Math.max(high, 0)]
  const span = Math.max(most - least, NARROWEST)
  const scale = span / (MOST - LEAST)
  // Of the two ends the one whose code is nearer to a whole number decides.
  const [fromLow, fromHigh] = [LEAST - least / scale, MOST - most / scale]
  const errors = [Math.abs(LEAST) + Math.abs(least / scale), Math.abs(MOST) + Math.abs(most / scale)]
  const exact = errors[0]! < errors[1]! ? fromLow : fromHigh
  const zeroPoint = roundedAway(Math.max(LEAST, Math.min(MOST, exact)))
  return { scales: [Math.fround(scale)], zeroPoints: [zeroPoint], axis: 0 }
}

/** A constant next to int8 activations, in steps of `quantization`. */
export function quantizedConstant(constant: LiteTensor, quantization: Quantization): LiteTensor {
  const [scale, zeroPoint] = [quantization.scales[0]!, quantization.zeroPoints[0]!]
  const data = Int8Array.from(constant.data as Float32Array, (one) =>
    Math.max(LEAST, Math.min(MOST, zeroPoint + roundedAway(one / scale))),
  )
  return { name: constant.name, dtype: 'int8', shape: constant.shape, data, quantization }
}

/** int32 steps of the products: input scale · weight scale of the channel. */
export function quantizedBias(bias: LiteTensor, input: Quantization, weights: Quantization): LiteTensor {
  const scales = weights.scales.map((scale) => Math.fround(input.scales[0]! * scale))
  const values = bias.data as Float32Array
  const data = Int32Array.from(values, (one, k) => clampInt32(roundedAway(one / scales[scales.length === 1 ? 0 : k]!)))
  return {
    name: bias.name,
    dtype: 'int32',
    shape: bias.shape,
    data,
    quantization: { scales, zeroPoints: scales.map(() => 0), axis: 0 },
  }
}

const clampInt32 = (value: number): number => Math.max(-(2 ** 31), Math.min(2 ** 31 - 1, value))

export function rangeOf(data: Float32Array): Range {
  let [low, high] = [0, 0]
  for (const one of data) {
    if (one < low) low = one
    if (one > high) high = one
  }
  return { low, high }
}
