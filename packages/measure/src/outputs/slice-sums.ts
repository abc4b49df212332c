// Sums over the slices of an output, of each joined part apart, in one pass over its numbers.
import { elementCount } from '../samples/dtype-arrays.ts'
import type { Numbers } from './numbers.ts'

/** Sums over the original's and the candidate's numbers in one slice, or in several together. */
export interface SliceSums {
  /** Finite numbers. */
  readonly count: number
  /** Largest |x| of the original, masks apart; where all are masks, theirs. */
  readonly largest: number
  /** Largest difference, of masks apart as well. */
  readonly maxAbs: number
  /** Squares of the original, of the candidate, of their differences, and products of the two. */
  readonly signal: number
  readonly candidate: number
  readonly noise: number
  readonly dot: number
  /** Sums of the original's values, and of the differences. */
  readonly sum: number
  readonly drift: number
}

/** Numbers of a sample, in slices along the axis of `slices`; `partOf` null: all are of part 0. */
export interface SlicedSample {
  readonly original: Numbers
  readonly candidate: Numbers
  readonly shape: readonly number[]
  readonly partOf: Uint16Array | null
}

/** Sums of one slice stand side by side: one cache line. */
const WIDTH = 8
const [COUNT, LARGEST, MAX, SIGNAL, CANDIDATE, NOISE, DOT] = [0, 1, 2, 3, 4, 5, 6]

/** `axis` null: all of a part is one slice. Slice k of part p is at p × slices + k. `limit`: numbers beyond it are masks. */
export function sumSlices(
  samples: readonly SlicedSample[],
  parts: number,
  axis: number | null,
  limit: number,
): readonly SliceSums[] {
  const slices = axis === null ? 1 : samples[0]!.shape[axis]!
  const groups = parts * slices
  const all = new Float64Array(groups * WIDTH)
  // Largest and largest difference of masks.
  const masks = new Float64Array(groups * 2)
  // Sums of the original and of the differences.
  const means = new Float64Array(groups * 2)
  for (const { original: a, candidate: b, shape, partOf } of samples) {
    const inner = axis === null ? a.length : elementCount(shape.slice(axis + 1))
    let slice = 0
    for (let from = 0; from < a.length; ) {
      const part = partOf === null ? 0 : partOf[from]!
      const at = part * slices + slice
      const end = from + inner - (from % inner)
      let count = 0
      let largest = 0
      let most = 0
      let signal = 0
      let candidate = 0
      let noise = 0
      let dot = 0
      let sum = 0
      let drift = 0
      let k = from
      for (; k < end && (partOf === null || partOf[k] === part); k++) {
        const x = a[k]!
        const y = b[k]!
        const size = x < 0 ? -x : x
        const off = x < y ? y - x : x - y
        // NaN and infinity stand in the same places.
        if (!(off < Number.POSITIVE_INFINITY)) continue
        count++
        if (size <= limit) {
          if (size > largest) largest = size
          if (off > most) most = off
        } else {
          if (size > masks[2 * at]!) masks[2 * at] = size
          if (off > masks[2 * at + 1]!) masks[2 * at + 1] = off
        }
        signal += x * x
        candidate += y * y
        noise += off * off
        dot += x * y
        sum += x
        drift += y - x
      }
      const to = at * WIDTH
      all[to + COUNT]! += count
      if (largest > all[to + LARGEST]!) all[to + LARGEST] = largest
      if (most > all[to + MAX]!) all[to + MAX] = most
      all[to + SIGNAL]! += signal
      all[to + CANDIDATE]! += candidate
      all[to + NOISE]! += noise
      all[to + DOT]! += dot
      means[2 * at]! += sum
      means[2 * at + 1]! += drift
      from = k
      if (k === end && ++slice === slices) slice = 0
    }
  }
  return Array.from({ length: groups }, (_, at) => {
    const sum = (which: number) => all[at * WIDTH + which]!
    const isMask = sum(LARGEST) === 0 && masks[2 * at]! > 0
    return {
      count: sum(COUNT),
      largest: isMask ? masks[2 * at]! : sum(LARGEST),
      maxAbs: isMask ? masks[2 * at + 1]! : sum(MAX),
      signal: sum(SIGNAL),
      candidate: sum(CANDIDATE),
      noise: sum(NOISE),
      dot: sum(DOT),
      sum: means[2 * at]!,
      drift: means[2 * at + 1]!,
    }
  })
}

export function addSums(all: readonly SliceSums[]): SliceSums {
  const sum = (key: keyof SliceSums) => all.reduce((total, one) => total + one[key], 0)
  const most = (key: keyof SliceSums) => all.reduce((largest, one) => Math.max(largest, one[key]), 0)
  return {
    count: sum('count'),
    largest: most('largest'),
    maxAbs: most('maxAbs'),
    signal: sum('signal'),
    candidate: sum('candidate'),
    noise: sum('noise'),
    dot: sum('dot'),
    sum: sum('sum'),
    drift: sum('drift'),
  }
}
