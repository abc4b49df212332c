// Where the numbers of a value lie, in bins of one width over a range that is known before: memory does not grow with the samples.

/** `counts.length` bins over [low, high]. */
export interface Histogram {
  readonly low: number
  readonly high: number
  readonly counts: Float64Array
}

/** Bins: eight for each of the 256 steps of int8, so that ranges down to an eighth of the whole can be distinguished. */
export const BINS = 2048

/** An empty histogram. The range is widened to hold 0, which every quantized range holds, and to have a width. */
export function emptyHistogram(low: number, high: number, bins = BINS): Histogram {
  const [least, most] = [Math.min(0, low), Math.max(0, high)]
  return { low: least, high: most > least ? most : least + 1, counts: new Float64Array(bins) }
}

/** Counts the numbers in; those outside go into the outermost bins, NaN nowhere. */
export function addTo({ low, high, counts }: Histogram, values: Float32Array): void {
  const last = counts.length - 1
  const scale = counts.length / (high - low)
  for (let k = 0; k < values.length; k++) {
    const at = (values[k]! - low) * scale
    if (at >= 0 && at < last) counts[at | 0]!++
    else if (at >= last) counts[last]!++
    else if (at < 0) counts[0]!++
  }
}
