// Draws what signal-content.ts chose.
import { normal } from '@whyslow/graph/random.ts'
import { elementCount } from './dtype-arrays.ts'
import type { SignalContent, Target } from './signal-content.ts'
import { soundOf } from './sound/sounds.ts'
import { framesIn, SPECTRUM_RATE, soundLength, spectrumOf } from './sound/spectra.ts'

/** What a standard normal number hardly ever leaves. */
const NORMAL_RANGE = [-3, 3] as const
/** Share of the values, at each end, that a range need not hold. */
const OUTSIDE = 0.002
/** Share of a range that usual values fill. */
const LEAST_FILLED = 0.25
/** Correlation of a series with itself one step later. */
const MEMORY = 0.9
/** Seconds that samples are cut from: twice as long as one of them, within these. */
const SHORTEST_S = 2.4
const LONGEST_S = 9.6

/** Changes drawn values in place, so that they have the content's target. */
export type Fit = (values: Float32Array, shape: readonly number[]) => void

/** What the samples of one input have in common. */
export interface Source {
  /** Steps (samples of sound, frames of a spectrum) of `width` values each, of which samples are cut. */
  readonly recording: Float32Array
  readonly width: number
  readonly fit: Fit | undefined
}

export function sourceOf(content: SignalContent, shape: readonly number[], random: () => number): Source {
  const { target } = content
  if (content.kind === 'normal' || content.kind === 'series') {
    const fit =
      target === undefined ? undefined : target.kind === 'range' ? fitRange(target, NORMAL_RANGE) : momentsFit(target, [0], [1])
    return { recording: new Float32Array(0), width: 1, fit }
  }
  const { recording, width } = recordingOf(content, shape, random)
  if (target === undefined) return { recording, width, fit: undefined }
  const fit = target.kind === 'range' ? fitRange(target, endsOf(recording)) : fitMoments(target, recording, width)
  return { recording, width, fit }
}

type Recorded = Extract<SignalContent, { kind: 'sound' | 'spectrum' }>

function recordingOf(content: Recorded, shape: readonly number[], random: () => number): Omit<Source, 'fit'> {
  const isSound = content.kind === 'sound'
  const { steps, width } = layoutOf(content, shape)
  const rate = isSound ? content.rate : SPECTRUM_RATE
  const seconds = isSound ? steps / rate : soundLength(steps, width, content.spectrum) / rate
  const length = Math.ceil(rate * Math.min(LONGEST_S, Math.max(SHORTEST_S, 2 * seconds)))
  const sound = soundOf(content.sound, length, rate, random)
  if (isSound) return { recording: sound, width: 1 }
  const frames = Math.max(1, framesIn(length, width, content.spectrum))
  return { recording: spectrumOf(content.spectrum, sound, frames, width), width }
}

/** How many steps a sample has, how many values a step, and how far apart they are in the sample. */
function layoutOf(content: Recorded, shape: readonly number[]) {
  const stride = (axis: number) => elementCount(shape.slice(axis + 1))
  if (content.kind === 'sound')
    return { steps: shape[content.along]!, width: 1, stepStride: stride(content.along), valueStride: 1 }
  const { frames, bins, flat } = content
  if (flat !== undefined) return { steps: shape[bins]! / flat, width: flat, stepStride: flat, valueStride: 1 }
  const steps = frames === null ? 1 : shape[frames]!
  return { steps, width: shape[bins]!, stepStride: frames === null ? 0 : stride(frames), valueStride: stride(bins) }
}

/** A sample, not yet fit to the target. */
export function drawSignal(
  content: SignalContent,
  { recording, width }: Source,
  shape: readonly number[],
  random: () => number,
): Float32Array {
  const values = new Float32Array(elementCount(shape))
  if (content.kind === 'normal') return values.map(() => normal(random))
  if (content.kind === 'series') return series(values, shape, content.along, random)
  const { steps, stepStride, valueStride } = layoutOf(content, shape)
  const recorded = recording.length / width
  // Channels of one row hear the same.
  const perRow = values.length / (shape.length > 1 ? shape[0]! : 1)
  let start = 0
  for (let from = 0; from < values.length; from++) {
    // A sample that is as long as the recording begins anywhere, and goes on at its start.
    if (from % perRow === 0) start = Math.floor(random() * (recorded > steps ? recorded - steps + 1 : recorded))
    const isFirst = (stride: number, count: number) => stride === 0 || count === 1 || Math.floor(from / stride) % count === 0
    if (!isFirst(stepStride, steps) || !isFirst(valueStride, width)) continue
    for (let step = 0; step < steps; step++) {
      const at = ((start + step) % recorded) * width
      for (let k = 0; k < width; k++) values[from + step * stepStride + k * valueStride] = recording[at + k]!
    }
  }
  return values
}

/** Each channel remembers its last value, around a slow wave; mean 0 and deviation 1. */
function series(values: Float32Array, shape: readonly number[], along: number, random: () => number): Float32Array {
  const length = shape[along]!
  const stride = elementCount(shape.slice(along + 1))
  for (let from = 0; from < values.length; from++) {
    if (Math.floor(from / stride) % length !== 0) continue
    const turn = (2 * Math.PI * (0.5 + 3 * random())) / length
    const start = 2 * Math.PI * random()
    let level = normal(random)
    for (let at = 0; at < length; at++) {
      level = MEMORY * level + Math.sqrt(1 - MEMORY ** 2) * normal(random)
      // Variances of a half each.
      values[from + at * stride] = Math.SQRT1_2 * level + Math.sin(start + turn * at)
    }
  }
  return values
}

function endsOf(values: Float32Array): readonly [number, number] {
  const sorted = values.slice().sort()
  const at = (share: number) => sorted[Math.round(share * (sorted.length - 1))]!
  return [at(OUTSIDE), at(1 - OUTSIDE)]
}

/** undefined: the values fill enough of the range as they are, which may have been set by the rarest of them. */
function fitRange({ low, high }: Extract<Target, { kind: 'range' }>, [least, most]: readonly [number, number]): Fit | undefined {
  if (least >= low && most <= high && most - least > LEAST_FILLED * (high - low)) return undefined
  // What is as often above zero as below keeps its zero.
  const isBalanced = low < 0 && high > 0 && least < 0 && most > 0 && Math.abs(least + most) < 0.5 * (most - least)
  const factor = isBalanced ? Math.min(high / most, low / least) : (high - low) / Math.max(1e-12, most - least)
  const offset = isBalanced ? 0 : low - least * factor
  return (drawn) => {
    for (let k = 0; k < drawn.length; k++) drawn[k] = drawn[k]! * factor + offset
  }
}

type Moments = Omit<Extract<Target, { kind: 'moments' }>, 'kind'>

/** Each value of a step has moments of its own if the target has as many; else all have the same. */
function fitMoments(target: Moments, recording: Float32Array, width: number): Fit {
  const count = Math.max(target.mean.length, target.deviation.length) === width ? width : 1
  const middle = new Float64Array(count)
  const spread = new Float64Array(count)
  const each = recording.length / count
  recording.forEach((value, k) => {
    middle[k % count] = middle[k % count]! + value / each
  })
  recording.forEach((value, k) => {
    spread[k % count] = spread[k % count]! + (value - middle[k % count]!) ** 2 / each
  })
  return momentsFit(target, middle, spread.map(Math.sqrt))
}

/** The fit that moves values of these moments to the target's. */
function momentsFit({ axis, mean, deviation }: Moments, middle: ArrayLike<number>, spread: ArrayLike<number>): Fit {
  const count = Math.max(mean.length, deviation.length, middle.length)
  const lines = Array.from({ length: count }, (_, k) => {
    const from = spread[k % spread.length]!
    return {
      from: middle[k % middle.length]!,
      factor: from > 0 ? deviation[k % deviation.length]! / from : 0,
      to: mean[k % mean.length]!,
    }
  })
  return (drawn, shape) => {
    const laneOf = lanesOf(axis, count, shape)
    for (let k = 0; k < drawn.length; k++) {
      const { from, factor, to } = lines[laneOf(k)]!
      drawn[k] = (drawn[k]! - from) * factor + to
    }
  }
}

function lanesOf(axis: number | null, count: number, shape: readonly number[]): (index: number) => number {
  const stride = axis === null ? 1 : elementCount(shape.slice(axis + 1))
  return (index) => (axis === null ? 0 : Math.floor(index / stride) % count)
}
