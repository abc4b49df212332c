// Features as few numbers: each feature's values are cut where they are as many on both sides, and what is between two cuts is one bin.
// Bin 0 holds what is missing.

export interface BinnedFeatures {
  /** Cuts of each feature: bin b + 1 holds x with cuts[b − 1] <= x < cuts[b]. */
  readonly cuts: readonly Float64Array[]
  /** Feature by feature, row by row. */
  readonly bins: Uint8Array
  readonly count: number
}

const MOST_BINS = 64

/** `round`: to the type that rows are compared in; cuts are numbers of it. */
export function binRows(rows: ArrayLike<number>, count: number, width: number, round: (value: number) => number): BinnedFeatures {
  const bins = new Uint8Array(count * width)
  const cuts = Array.from({ length: width }, (_, f) => {
    const values = Float64Array.from({ length: count }, (__, r) => rows[r * width + f]!)
    const found = cutsOf(values, round)
    for (let r = 0; r < count; r++) bins[f * count + r] = binOf(found, values[r]!)
    return found
  })
  return { cuts, bins, count }
}

function cutsOf(values: Float64Array, round: (value: number) => number): Float64Array {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort()
  const cuts = new Set<number>()
  for (let k = 1; k < MOST_BINS; k++) {
    const at = Math.floor((k * sorted.length) / MOST_BINS)
    const [below, above] = [sorted[at - 1], sorted[at]]
    if (below === undefined || above === undefined || below === above) {
      // Of a value that many rows have, both sides.
      if (above !== undefined && sorted[0]! < above) cuts.add(above)
      continue
    }
    const middle = round(below + (above - below) / 2)
    cuts.add(middle > below && middle <= above ? middle : above)
  }
  return Float64Array.from(cuts).sort()
}

export function binOf(cuts: Float64Array, x: number): number {
  if (Number.isNaN(x)) return 0
  let [low, high] = [0, cuts.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (x < cuts[middle]!) high = middle
    else low = middle + 1
  }
  return low + 1
}
