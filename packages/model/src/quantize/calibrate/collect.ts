// What is kept of the samples that were seen, whatever their number: minimum, maximum and sums, or histograms. Each thread that predicts keeps
// its own, and they are put together in the end, so that nothing depends on which thread saw which sample.
import type { Results, TensorValue } from '@whyslow/measure/engines/types.ts'
import { addTo, emptyHistogram, type Histogram } from './histogram.ts'
import type { ValueRange } from './types.ts'

/** What to keep. */
export type Observers =
  /** For a model whose one output is a vector: the smallest and largest of each element. Elements from `sumsFrom` on are added up. */
  | { readonly kind: 'min-max'; readonly sumsFrom: number }
  /** How often which numbers occur within a range, for outputs by name. */
  | { readonly kind: 'histograms'; readonly ranges: Readonly<Record<string, ValueRange>>; readonly bins: number }

export interface ValueStatistics {
  /** Elements of the vector; NaN if one was. */
  readonly least: Float64Array
  readonly most: Float64Array
  /** Sums of a block of samples, by block: in this order they are added, since floats have one sum in one order alone. */
  readonly sums: ReadonlyMap<number, Float64Array>
  readonly histograms: ReadonlyMap<string, Histogram>
}

export interface Collector {
  see(results: Results, block: number): void
  collected(): ValueStatistics
}

export function collector(observers: Observers): Collector {
  return observers.kind === 'min-max' ? minMaxCollector(observers.sumsFrom) : histogramsCollector(observers)
}

const NONE = new Float64Array(0)

function minMaxCollector(sumsFrom: number): Collector {
  let [least, most] = [NONE, NONE]
  const sums = new Map<number, Float64Array>()
  return {
    see(results, block) {
      const seen = floatsOf(Object.values(results)[0]!)
      if (least.length === 0) {
        least = new Float64Array(seen.length).fill(Number.POSITIVE_INFINITY)
        most = new Float64Array(seen.length).fill(Number.NEGATIVE_INFINITY)
      }
      if (seen.length !== least.length)
        throw new Error(`a sample has ${seen.length} numbers observed, others have ${least.length}`)
      const sum = sums.get(block) ?? new Float64Array(Math.max(0, seen.length - sumsFrom))
      sums.set(block, sum)
      for (let k = 0; k < seen.length; k++) {
        const value = seen[k]!
        // NaN if either is.
        least[k] = Math.min(least[k]!, value)
        most[k] = Math.max(most[k]!, value)
        if (k >= sumsFrom) sum[k - sumsFrom]! += value
      }
    },
    collected: () => ({ least, most, sums, histograms: new Map() }),
  }
}

function histogramsCollector({ ranges, bins }: Observers & { kind: 'histograms' }): Collector {
  const histograms = new Map(
    Object.entries(ranges).map(([value, { low, high }]) => [value, emptyHistogram(low, high, bins)] as const),
  )
  return {
    see(results) {
      for (const [value, histogram] of histograms) addTo(histogram, floatsOf(results[value]!))
    },
    collected: () => ({ least: NONE, most: NONE, sums: new Map(), histograms }),
  }
}

const floatsOf = ({ data }: TensorValue): Float32Array => data as Float32Array

/** What several threads saw of one model. */
export function mergeCollected(parts: readonly ValueStatistics[]): ValueStatistics {
  const seen = parts.filter(({ least, histograms }) => least.length > 0 || histograms.size > 0)
  const [first = { least: NONE, most: NONE, sums: new Map(), histograms: new Map() }, ...others] = seen
  const sums = new Map(first.sums)
  for (const other of others) {
    other.least.forEach((value, k) => {
      first.least[k] = Math.min(first.least[k]!, value)
      first.most[k] = Math.max(first.most[k]!, other.most[k]!)
    })
    for (const [block, sum] of other.sums) sums.set(block, sum)
    for (const [value, { counts }] of other.histograms) {
      const own = first.histograms.get(value)!.counts
      counts.forEach((count, bin) => {
        own[bin]! += count
      })
    }
  }
  return { ...first, sums }
}

/** Sum of the elements that are added up, over all samples. */
export function sumOf({ sums }: ValueStatistics): Float64Array {
  const ordered = [...sums].sort(([a], [b]) => a - b).map(([, sum]) => sum)
  const total = new Float64Array(ordered[0]?.length ?? 0)
  for (const sum of ordered)
    sum.forEach((value, k) => {
      total[k]! += value
    })
  return total
}
