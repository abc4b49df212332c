// Sums over the slices of an output, of each joined part apart, in one pass over its numbers.
import { elementCount } from '../samples/dtype-arrays.ts'
import type { Numbers } from './numbers.ts'

/** Of the original's and the candidate's numbers in one slice, or in several together. */
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
}

/** Numbers of a sample, in slices along the axis of `slices`; `partOf` null: all are of part 0. */
export interface SlicedSample {
  readonly original: Numbers
  readonly candidate: Numbers
  readonly shape: readonly number[]
  readonly partOf: Uint16Array | null
}

/** `axis` null: all of a part is one slice. Slice k of part p is at p × slices + k. `limit`: numbers beyond it are masks. */
export function sumSlices(
  samples: readonly SlicedSample[],
  parts: number,
  axis: number | null,
  limit: number,
): readonly SliceSums[] {
  const slices = axis === null ? 1 : samples[0]!.shape[axis]!
  const groups = parts * slices
  const column = () => new Float64Array(groups)
  const [count, largest, mask, maxAbs, maxMask] = [column(), column(), column(), column(), column()]
  const [signal, candidate, noise, dot] = [column(), column(), column(), column()]
  for (const { original: a, candidate: b, shape, partOf } of samples) {
    const inner = axis === null ? a.length : elementCount(shape.slice(axis + 1))
    let [slice, left] = [0, inner]
    for (let k = 0; k < a.length; k++, left--) {
      if (left === 0) {
        left = inner
        if (++slice === slices) slice = 0
      }
      const [x, y] = [a[k]!, b[k]!]
      const size = x < 0 ? -x : x
      const off = x < y ? y - x : x - y
      // NaN and infinity stand in the same places.
      if (!(off < Number.POSITIVE_INFINITY)) continue
      const at = partOf === null ? slice : partOf[k]! * slices + slice
      count[at]!++
      if (size <= limit) {
        if (size > largest[at]!) largest[at] = size
        if (off > maxAbs[at]!) maxAbs[at] = off
      } else {
        if (size > mask[at]!) mask[at] = size
        if (off > maxMask[at]!) maxMask[at] = off
      }
      signal[at]! += x * x
      candidate[at]! += y * y
      noise[at]! += off * off
      dot[at]! += x * y
    }
  }
  return Array.from({ length: groups }, (_, at) => {
    const isMask = largest[at] === 0 && mask[at]! > 0
    return {
      count: count[at]!,
      largest: isMask ? mask[at]! : largest[at]!,
      maxAbs: isMask ? maxMask[at]! : maxAbs[at]!,
      signal: signal[at]!,
      candidate: candidate[at]!,
      noise: noise[at]!,
      dot: dot[at]!,
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
  }
}
