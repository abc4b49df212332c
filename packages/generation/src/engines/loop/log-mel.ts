// What Whisper's encoder reads, made of sound as WhisperFeatureExtractor of transformers makes it: the sound filled with silence to its window,
// powers of a short-time Fourier transform, mel bands of Slaney's scale, logarithms, cut 80 dB below the loudest.
// https://github.com/huggingface/transformers/blob/main/src/transformers/models/whisper/feature_extraction_whisper.py
import { fourierOf } from '@whyslow/graph/fourier/fast-fourier.ts'

export interface LogMelSettings {
  readonly samplesPerSecond: number
  readonly bands: number
  /** Samples of a window, and from one to the next. */
  readonly window: number
  readonly hop: number
  /** Samples that the sound is filled up to, or cut to. */
  readonly length: number
}

export const framesOf = ({ length, hop }: LogMelSettings): number => Math.floor(length / hop)

/** Powers below are silence. */
const FLOOR = 1e-10
/** Tens of decibels that are kept. */
const KEPT = 8

/** Bands × frames. */
export function logMel(settings: LogMelSettings): (sound: Float32Array) => Float32Array {
  const { window, hop, length, bands } = settings
  const frames = framesOf(settings)
  const transform = fourierOf(window)
  const hann = Float64Array.from({ length: window }, (_, k) => 0.5 - 0.5 * Math.cos((2 * Math.PI * k) / window))
  const triangles = slaneyBands(settings)
  const half = window >> 1
  return (sound) => {
    const heard = Math.min(sound.length, length)
    const logs = new Float32Array(bands * frames).fill(Math.log10(FLOOR))
    const cut = new Float64Array(window)
    const powers = new Float64Array(half + 1)
    let most = Math.log10(FLOOR)
    for (let frame = 0; frame < frames; frame++) {
      let isSilent = true
      for (let k = 0; k < window; k++) {
        // The sound goes on mirrored at both ends.
        const place = frame * hop + k - half
        const mirrored = place < 0 ? -place : place >= length ? 2 * length - 2 - place : place
        const value = mirrored < heard ? sound[mirrored]! : 0
        cut[k] = value * hann[k]!
        if (value !== 0) isSilent = false
      }
      if (isSilent) continue
      const { re, im } = transform(cut)
      for (let k = 0; k <= half; k++) powers[k] = re[k]! * re[k]! + im[k]! * im[k]!
      for (let band = 0; band < bands; band++) {
        const { from, weights } = triangles[band]!
        let sum = 0
        for (let k = 0; k < weights.length; k++) sum += weights[k]! * powers[from + k]!
        const log = Math.log10(Math.max(FLOOR, sum))
        logs[band * frames + frame] = log
        if (log > most) most = log
      }
    }
    for (let k = 0; k < logs.length; k++) logs[k] = (Math.max(logs[k]!, most - KEPT) + 4) / 4
    return logs
  }
}

interface Band {
  /** The first frequency of the transform that is in it. */
  readonly from: number
  readonly weights: Float64Array
}

/** Slaney's mel: linear below 1 kHz, logarithmic above. */
const [LINEAR_HZ, LINEAR_MEL] = [1000, 15]
const STEP = Math.log(6.4) / 27
const toMel = (hertz: number): number => (hertz < LINEAR_HZ ? (3 * hertz) / 200 : LINEAR_MEL + Math.log(hertz / LINEAR_HZ) / STEP)
const toHertz = (mel: number): number => (mel < LINEAR_MEL ? (200 * mel) / 3 : LINEAR_HZ * Math.exp(STEP * (mel - LINEAR_MEL)))

/** Triangles up to half the rate, each of the same area. */
function slaneyBands({ bands, window, samplesPerSecond }: LogMelSettings): Band[] {
  const highest = toMel(samplesPerSecond / 2)
  const edges = Array.from({ length: bands + 2 }, (_, k) => toHertz((highest * k) / (bands + 1)))
  const bins = (window >> 1) + 1
  const hertzOf = (bin: number) => (samplesPerSecond / 2 / (bins - 1)) * bin
  return Array.from({ length: bands }, (_, band) => {
    const [low, middle, high] = [edges[band]!, edges[band + 1]!, edges[band + 2]!]
    const all = Array.from({ length: bins }, (_, bin) => {
      const hertz = hertzOf(bin)
      const height = Math.min((hertz - low) / (middle - low), (high - hertz) / (high - middle))
      return (Math.max(0, height) * 2) / (high - low)
    })
    const from = Math.max(
      0,
      all.findIndex((weight) => weight > 0),
    )
    return { from, weights: Float64Array.from(all.slice(from, all.findLastIndex((weight) => weight > 0) + 1)) }
  })
}
