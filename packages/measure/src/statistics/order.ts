// Order statistics and means: what the middle of measured values is. docs/method.md ("Numbers, each defined once") says the same in words.

export type Values = readonly number[] | Float64Array

/** An ascending copy; what never came (infinite) is last. */
export const sortAscending = (values: Values): Float64Array => Float64Array.from(values).sort()

/**
 * A percentile of ascending values: the nearest rank, which is the least value that at least this share does not exceed. The p50 is the
 * median, which is the mean of the two middle values of an even count. NaN for none, infinite if it is among values that never came.
 */
export function percentileOf(sorted: Values, share: number): number {
  const rank = Math.min(sorted.length, Math.max(1, Math.ceil(share * sorted.length - 1e-9)))
  const value = sorted[rank - 1] ?? Number.NaN
  return share === 0.5 && sorted.length % 2 === 0 && sorted.length > 0 ? (value + sorted[rank]!) / 2 : value
}

/** The middle value; the mean of the two middle ones of an even count. NaN for none: unknown never looks like 0. */
export const median = (values: Values): number => percentileOf(sortAscending(values), 0.5)

/** As `median`; null for none. */
export const medianOrNull = (values: Values): number | null => (values.length === 0 ? null : median(values))

/** Between its two neighbours in proportion (Hyndman and Fan 1996, type 7), so that two, three and four samples give the same. NaN for none. */
export function lowerQuartile(values: Values): number {
  const s = sortAscending(values)
  const at = (s.length - 1) / 4
  const below = s[Math.floor(at)] ?? Number.NaN
  return below + (at - Math.floor(at)) * (s[Math.ceil(at)]! - below)
}

/** Mean of the middle half: robust as a median, and not bound to whole microseconds as a median of rounded times is. */
export function midmean(values: Values): number {
  const s = sortAscending(values)
  const cut = Math.floor(s.length / 4)
  return average(s.subarray(cut, s.length - cut))
}

/** NaN for none. */
export function average(values: ArrayLike<number>): number {
  let sum = 0
  for (let k = 0; k < values.length; k++) sum += values[k]!
  return sum / values.length
}

/** Geometric mean of positive values, as ratios are. NaN for none. */
export const geometricMean = (values: readonly number[]): number => Math.exp(average(values.map(Math.log)))
