// What models of sound are often given instead of sound: magnitudes of a short-time Fourier transform, logarithms of mel bands, and their
// cosine transform (MFCC), frame by frame.
// Mel: D. O'Shaughnessy, Speech Communication, 1987. MFCC as TensorFlow scales them: https://www.tensorflow.org/api_docs/python/tf/signal/mfccs_from_log_mel_spectrograms
import { fourierOf } from '@whyslow/graph/fourier/fast-fourier.ts'

export type Spectrum = 'magnitude' | 'log-mel' | 'mfcc'

const RATE = 16000
/** 10 ms between frames. */
const HOP = 160
/** Mel bands of which MFCC are made. */
const MFCC_BANDS = 40
/** Added before the logarithm. */
const FLOOR = 1e-6

/** Samples of sound, at 16 kHz, that `frames` frames take. */
export const soundLength = (frames: number, bins: number, kind: Spectrum): number => (frames - 1) * HOP + windowOf(bins, kind)
/** Frames that this many samples are enough for. */
export const framesIn = (length: number, bins: number, kind: Spectrum): number =>
  Math.floor((length - windowOf(bins, kind)) / HOP) + 1
export const SPECTRUM_RATE = RATE

const windowOf = (bins: number, kind: Spectrum): number => (kind === 'magnitude' ? 2 * (bins - 1) : 512)

/** Frames × bins of the sound. */
export function spectrumOf(kind: Spectrum, sound: Float32Array, frames: number, bins: number): Float32Array {
  const size = windowOf(bins, kind)
  const result = new Float32Array(frames * bins)
  const transform = magnitudesBy(size)
  const bands = kind === 'magnitude' ? [] : melBands(kind === 'mfcc' ? MFCC_BANDS : bins, size)
  const cosines = kind === 'mfcc' ? cosineRows(bins) : []
  const logs = new Float64Array(bands.length)
  for (let frame = 0; frame < frames; frame++) {
    const magnitudes = transform(sound, frame * HOP)
    if (kind === 'magnitude') {
      result.set(magnitudes, frame * bins)
      continue
    }
    for (let band = 0; band < bands.length; band++) {
      const { from, weights } = bands[band]!
      let sum = FLOOR
      for (let k = 0; k < weights.length; k++) sum += weights[k]! * magnitudes[from + k]!
      logs[band] = Math.log(sum)
    }
    if (kind === 'log-mel') result.set(logs, frame * bins)
    for (let k = 0; k < cosines.length; k++) {
      let sum = 0
      for (let band = 0; band < logs.length; band++) sum += cosines[k]![band]! * logs[band]!
      result[frame * bins + k] = sum
    }
  }
  return result
}

interface Band {
  readonly from: number
  readonly weights: Float64Array
}

/** Triangles that overlap by half, equally wide in mel. */
function melBands(count: number, size: number): Band[] {
  const mel = (hertz: number) => 1127 * Math.log(1 + hertz / 700)
  const [low, high] = [mel(20), mel(RATE / 2)]
  const places = Array.from({ length: size / 2 + 1 }, (_, bin) => ((mel((bin * RATE) / size) - low) / (high - low)) * (count + 1))
  return Array.from({ length: count }, (_, band) => {
    const weights = places.map((place) => Math.max(0, 1 - Math.abs(place - band - 1)))
    const from = weights.findIndex((weight) => weight > 0)
    // Between two bins of the transform: the nearest stands for it.
    if (from < 0)
      return {
        from: Math.max(
          0,
          places.findIndex((place) => place > band + 1),
        ),
        weights: Float64Array.of(1),
      }
    return { from, weights: Float64Array.from(weights.slice(from, weights.findLastIndex((weight) => weight > 0) + 1)) }
  })
}

const cosineRows = (count: number): Float64Array[] =>
  Array.from({ length: count }, (_, k) =>
    Float64Array.from(
      { length: MFCC_BANDS },
      (_, band) => Math.sqrt(2 / MFCC_BANDS) * Math.cos((Math.PI * k * (band + 0.5)) / MFCC_BANDS),
    ),
  )

/** Magnitudes of the lower half of a spectrum, under a Hann window. The result is used again. */
function magnitudesBy(size: number): (sound: Float32Array, from: number) => Float64Array {
  const transform = fourierOf(size)
  const windowed = new Float64Array(size)
  const magnitudes = new Float64Array(size / 2 + 1)
  const window = Float64Array.from({ length: size }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / size))
  return (sound, from) => {
    for (let k = 0; k < size; k++) windowed[k] = (sound[from + k] ?? 0) * window[k]!
    const { re, im } = transform(windowed)
    for (let k = 0; k < magnitudes.length; k++) magnitudes[k] = Math.sqrt(re[k]! ** 2 + im[k]! ** 2)
    return magnitudes
  }
}
