// From the histogram of a value to the range that is quantized. What is beyond a range is clipped to its ends; what is inside is
// rounded to one of 256 steps: a narrower range clips more and rounds less.
// Entropy after Szymon Migacz, "8-bit inference with TensorRT" (2017), with as many candidates as there are bins, where
// onnxruntime's quantize_static has one (onnxruntime/python/tools/quantization/calibrate.py: 128 bins of 128).
import type { Histogram } from './histogram.ts'
import type { ValueRange } from './types.ts'

/** Steps of an 8-bit range. */
const LEVELS = 256
/** Share of the numbers that a percentile range holds; onnxruntime's default. */
const PERCENTILE = 0.99999
/** Ranges that are tried between the narrowest and the whole. */
const CANDIDATES = 128

/** Part of a histogram: bins from `start` up to and without `end`. It holds the bin of 0. */
interface Window {
  readonly start: number
  readonly end: number
}

const rangeOf = ({ low, high, counts }: Histogram, { start, end }: Window): ValueRange => {
  const width = (high - low) / counts.length
  // The ends are exact where the window is the whole.
  return { low: start === 0 ? low : low + start * width, high: end === counts.length ? high : low + end * width }
}

const total = (counts: Float64Array): number => counts.reduce((sum, count) => sum + count, 0)

/** The narrowest range with at most half of the rest at either side. */
export function percentileRange(histogram: Histogram, share = PERCENTILE): ValueRange {
  const { counts } = histogram
  const allowed = (total(counts) * (1 - share)) / 2
  const zero = zeroBin(histogram)
  let start = 0
  for (let left = 0; start < zero && left + counts[start]! <= allowed; start++) left += counts[start]!
  let end = counts.length
  for (let right = 0; end > zero + 1 && right + counts[end - 1]! <= allowed; end--) right += counts[end - 1]!
  return rangeOf(histogram, { start, end })
}

/** The range whose quantized distribution diverges least from the numbers' own; the whole where all do alike. */
export const entropyRange = (histogram: Histogram): ValueRange => best(histogram, divergence)

/** The range with the least mean squared error of clipping and rounding. */
export const mseRange = (histogram: Histogram): ValueRange => best(histogram, squaredError)

function best(histogram: Histogram, cost: (histogram: Histogram, window: Window) => number): ValueRange {
  let [found, least] = [{ start: 0, end: histogram.counts.length }, Number.POSITIVE_INFINITY]
  for (const window of windows(histogram)) {
    const one = cost(histogram, window)
    if (one < least) [found, least] = [window, one]
  }
  return rangeOf(histogram, found)
}

/** Windows from the whole down to about as many bins as there are levels; bins as far from 0 at either side go together. */
function windows(histogram: Histogram): readonly Window[] {
  const bins = histogram.counts.length
  const zero = zeroBin(histogram)
  const [widest, narrowest] = [Math.max(zero, bins - zero - 1), Math.min(LEVELS, bins) / 2]
  const found: Window[] = []
  for (let k = 0; k <= CANDIDATES; k++) {
    const reach = Math.round(widest - ((widest - narrowest) * k) / CANDIDATES)
    const window = { start: Math.max(0, zero - reach), end: Math.min(bins, zero + 1 + reach) }
    const last = found.at(-1)
    if (window.end - window.start < Math.min(LEVELS, bins)) break
    if (last?.start !== window.start || last.end !== window.end) found.push(window)
  }
  return found
}

const zeroBin = ({ low, high, counts }: Histogram): number =>
  Math.min(counts.length - 1, Math.floor((-low / (high - low)) * counts.length))

function squaredError(histogram: Histogram, window: Window): number {
  const { counts } = histogram
  const width = (histogram.high - histogram.low) / counts.length
  const { low, high } = rangeOf(histogram, window)
  const step = (high - low) / (LEVELS - 1)
  const rounding = (step * step) / 12
  let sum = 0
  for (let bin = 0; bin < counts.length; bin++) {
    const middle = histogram.low + (bin + 0.5) * width
    const beyond = bin < window.start ? low - middle : bin >= window.end ? middle - high : 0
    sum += counts[bin]! * (beyond > 0 ? beyond * beyond : rounding)
  }
  return sum
}

/** Σ p log(p / q): p the window with what is clipped at its ends, q the same after its bins were merged into levels. */
function divergence({ counts }: Histogram, { start, end }: Window): number {
  const size = end - start
  const p = counts.slice(start, end)
  const inside = total(p)
  if (inside === 0) return Number.POSITIVE_INFINITY
  for (let bin = 0; bin < start; bin++) p[0]! += counts[bin]!
  for (let bin = end; bin < counts.length; bin++) p[size - 1]! += counts[bin]!
  const all = total(p)
  let sum = 0
  for (let level = 0; level < LEVELS; level++) {
    const [from, to] = [Math.floor((level * size) / LEVELS), Math.floor(((level + 1) * size) / LEVELS)]
    let [mass, filled] = [0, 0]
    for (let bin = from; bin < to; bin++) {
      // Without what is clipped: q knows only what is inside.
      mass += counts[start + bin]!
      if (p[bin]! > 0) filled++
    }
    for (let bin = from; bin < to; bin++) {
      if (p[bin] === 0) continue
      // A level of which nothing is inside gives its clipped numbers next to no chance.
      const q = Math.max(mass / filled / inside, 1e-9)
      sum += (p[bin]! / all) * Math.log(p[bin]! / all / q)
    }
  }
  return sum
}
