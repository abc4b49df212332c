// Quantities that one output joins, each compared by its own size: boxes in pixels and scores, a state of two parts, targets in several
// units. Compared as one, the largest hides all others. They are the inputs of the Concat that ends the graph, and groups of features with
// a gap between their sizes. Within one quantity small places are content: 8 bits round a silent frame, a dark bar and a channel that is
// hardly used as coarsely as all else, and that is no damage.
//
// How small may a difference be and still count? What float32 rounds the largest number of the same tensor to is the least: a slice that
// is zero but for such leftovers (a padding channel) holds nothing. Values within bounds that the graph sets (bounds.ts) have these as
// their scale, whatever the samples reach. Scores that each say yes or no, as Sigmoid makes them, say no to every question if they are below
// 1e-4 on all inputs, and only have to be there still; samples in which none decides are judged by what would (yes-no.ts).
//
// What is faint may be read all the same: as a factor of a product, or by its order. So within bounds a value's scale is no more than 100
// times the largest value of a score that says yes or no, and 10 times that of anything else (a map of which Softmax divides 1 among
// thousands of places, a small state that Tanh makes): 1e-4 of the bounds, but never more than 1 % and 0.1 % of what is there.
import type { GraphView } from '@whyslow/graph/types.ts'
import type { Bounds } from './bounds.ts'
import { featureAxis } from './feature-axis.ts'
import { type JoinedParts, joinedParts } from './joined-parts.ts'
import { isRealFloat } from './numbers.ts'
import type { OutputPair } from './output-pair.ts'
import { ROUNDING } from './scale.ts'
import { addSums, type SlicedSample, type SliceSums, sumSlices } from './slice-sums.ts'
import type { ApartAgreement } from './types.ts'
import { canDecide, closenessOfSilent, isSilent, LOST_NOISE_RATIO, signalOverNoise } from './yes-no.ts'

/** Sizes that differ by no more are alike. A wider gap between them separates two quantities. */
const ALIKE = 8
/** Most columns of a table that may each have their own unit. More columns are features of one layer. */
const MOST_COLUMNS = 16
/** Slices side by side or evenly spaced are a quantity if they are one in this many. */
const LEAST_EVEN = 8
const MOST_SLICES = 4096
/** The largest of fewer numbers is no size. The largest of eight from one distribution hardly ever differs by a factor of eight. */
const LEAST_NUMBERS = 8
/** Least share of the tensor's largest number: 1e-4 of this share are three units in that number's last place as float32. */
const LEAST_SIZE = 1 / 512
/** Most times the largest value that the scale within bounds may be. */
const MOST_ABOVE = { yesNo: 100, other: 10 }
/** Kernels compute Sigmoid to some units in the last place of 1, also if the result is near 0: 1e-4 of it are four of them. */
const LEAST_YES_NO = (4 * 2 ** -23) / ROUNDING

const SMALLEST_NORMAL = 2 ** -126

interface Quantity {
  /** Completes 'the output y differs by 0.5 …'. */
  readonly where: string
  readonly sums: SliceSums
  /** The same for each sample that holds enough of it, as large as in others: a detector's head may see nothing in one. */
  readonly bySample: readonly SliceSums[]
  readonly bounds: Bounds | null
  /** What differences are compared with. */
  readonly scale: number
  /** The same without bounds: what is far below it is as good as zero. */
  readonly size: number
  /** Samples in which a score decides; absent: all. */
  readonly deciding?: SliceSums
  /** The least closeness of the others. */
  readonly closenessOfSilent?: number
}

interface Slice {
  /** Its place along the axis. */
  readonly k: number
  readonly sums: SliceSums
}

/** The worst of an output's quantities; null if it is one quantity, or no difference is large enough to count. */
export function compareQuantities(
  one: OutputPair,
  joined: readonly JoinedParts[],
  maxAbs: number,
  graph: GraphView | undefined,
): ApartAgreement | null {
  const { original, originalNumbers, candidateNumbers, meaning, scale, selected, mayLose = 0 } = one
  if (originalNumbers === null || candidateNumbers === null || !isRealFloat(original[0]!.dtype) || selected !== undefined)
    return null
  const [{ parts }] = joined as [JoinedParts]
  if (parts.length === 1 && maxAbs <= ROUNDING * LEAST_SIZE * scale) return null
  const samples = original.map(({ shape }, sample): SlicedSample => {
    const { partOf } = joined[sample]!
    return { original: originalNumbers[sample]!, candidate: candidateNumbers[sample]!, shape, partOf }
  })
  const found: Quantity[] = []
  let mostSilent = 0
  const isOneUnit = meaning.meaning !== 'values'
  const bounds = parts.map((part) => part.bounds ?? (isOneUnit && isWithinOne(one) ? PROBABILITIES : null))
  if (parts.length > 1) {
    const bySample = samples.map((sample) => sumSlices([sample], parts.length, null, scale))
    for (const [k, { value }] of parts.entries()) {
      const each = bySample.map((sums) => sums[k]!)
      const sums = addSums(each)
      const own = bounds[k]!
      const silent = own?.isYesNo === true ? each.filter((one) => isSilent(one, sums.largest, mayLose)) : []
      mostSilent = Math.max(mostSilent, silent.length)
      const deciding = each.filter((one) => !silent.includes(one))
      found.push({
        where: `where it joins '${value}'`,
        sums,
        bySample: deciding.filter(({ count, largest }) => count >= LEAST_NUMBERS && largest * ALIKE >= sums.largest),
        bounds: own,
        ...scaleAndSize(sums.largest, own, scale),
        ...(silent.length > 0 && { deciding: addSums(deciding), closenessOfSilent: Math.min(...silent.map(closenessOfSilent)) }),
      })
    }
  }
  const axis = commonAxis(one, graph)
  if (axis !== null) {
    const slices = original[0]!.shape[axis]!
    const along = sumSlices(samples, parts.length, axis, scale)
    for (const [part, own] of bounds.entries()) {
      const isShare = own?.isShare === true
      // Classes of one row are of one scale.
      if (isOneUnit && !isShare) continue
      const known = Array.from({ length: slices }, (_, k) => ({ k, sums: along[part * slices + k]! })).filter(
        ({ sums }) => sums.count >= LEAST_NUMBERS,
      )
      const quantity = (of: readonly Slice[]): Quantity => {
        const all = addSums(of.map(({ sums }) => sums))
        const where = `at ${rangesOf(of.map(({ k }) => k))} of axis ${axis}`
        return { where, sums: all, bySample: [], bounds: own, ...scaleAndSize(all.largest, own, scale) }
      }
      const isColumns = known.length <= MOST_COLUMNS && original[0]!.shape.length <= 3
      const bands = isShare ? [bySize(known)] : bandsOf(known)
      // A scale for all slices suits the largest band.
      const apart = bands.filter((band) => band === bands[0] || isColumns || isQuantity(band, known.length))
      if (bands.length > 1) found.push(...apart.map(quantity))
      const single = apart.flatMap(likeItsLargest).map((slice) => quantity([slice]))
      found.push(...single.filter(isLost))
    }
  }
  return found.length === 0 ? null : { ...worstOf(found), ...(mostSilent > 0 && { silent: mostSilent }) }
}

/** Rounding moves sigmoid(x) = s by s (1 - s) times what it moves x by, and x is about ln s. */
const scaleOfShare = (largest: number): number => largest * (largest > 0 ? Math.max(1, -Math.log(largest)) : 1)

/** What differences are compared with. `largest`: the largest value that the samples reach. */
export function meaningfulScale(largest: number, bounds: Bounds | null): number {
  if (bounds === null) return largest
  const size = Math.max(Math.abs(bounds.low), Math.abs(bounds.high))
  const most = bounds.isYesNo ? Math.max(MOST_ABOVE.yesNo * largest, LEAST_YES_NO) : MOST_ABOVE.other * largest
  return Math.max(sizeOf(largest, bounds), Math.min(size, most))
}

/** The scale of the values without their bounds. */
export const sizeOf = (largest: number, bounds: Bounds | null): number =>
  bounds?.isShare === true ? scaleOfShare(largest) : largest

function scaleAndSize(largest: number, bounds: Bounds | null, tensor: number): Pick<Quantity, 'scale' | 'size'> {
  const least = bounds?.isShare === true ? 0 : LEAST_SIZE * tensor
  return { scale: Math.max(meaningfulScale(largest, bounds), least), size: Math.max(sizeOf(largest, bounds), least) }
}

/** Classes of one row, none below 0 or above 1. */
const PROBABILITIES: Bounds = { low: 0, high: 1, isShare: true, isYesNo: false }

/** Whether scores that each say yes or no, below 1e-4 everywhere, still stand out from the noise. Softmax divides 1 among many places: each may be as small. */
export const isFaint = (largest: number, signal: number, noise: number): boolean =>
  largest <= ROUNDING && noise < LOST_NOISE_RATIO * signal

/** Engines may take numbers below the smallest normal float32 for zero. */
export const relativeTo = (difference: number, scale: number): number => (difference < SMALLEST_NORMAL ? 0 : difference / scale)

/** What each sample of an output is joined from. Shapes that came before are not looked at again. Where samples join different parts, nothing is known of them. */
export function joinedBySample({ name, original }: OutputPair, graph: GraphView | undefined): readonly JoinedParts[] {
  const known = new Map<string, JoinedParts>()
  const joined = original.map(({ shape }) => {
    const key = shape.join()
    const one = known.get(key) ?? joinedParts(graph, name, shape)
    known.set(key, one)
    return one
  })
  const isAlike = joined.every(({ parts }) => parts.length === joined[0]!.parts.length)
  return isAlike ? joined : joined.map(() => ({ parts: [{ value: name, bounds: null }], partOf: null }))
}

/** No value is below 0 or above 1. */
export const isWithinOne = ({ originalNumbers }: OutputPair): boolean =>
  originalNumbers!.every((values) => {
    for (let k = 0; k < values.length; k++) if (!(values[k]! >= 0 && values[k]! <= 1)) return false
    return true
  })

/** The feature axis, if it is as long in all samples and short enough to be a list of quantities. */
function commonAxis({ name, original }: OutputPair, graph: GraphView | undefined): number | null {
  const [{ shape: first }] = original as [(typeof original)[0]]
  if (first.length === 0) return null
  const axis = featureAxis(graph, name, first)
  const size = first[axis]!
  return size >= 2 && size <= MOST_SLICES && original.every(({ shape }) => shape[axis] === size) ? axis : null
}

const bySize = (slices: readonly Slice[]): readonly Slice[] => slices.toSorted((a, b) => b.sums.largest - a.sums.largest)

/** Slices by size, from the largest down, a new band after a gap: features of one quantity have all sizes between. */
function bandsOf(slices: readonly Slice[]): readonly (readonly Slice[])[] {
  const bands: Slice[][] = []
  for (const slice of bySize(slices)) {
    const before = bands.at(-1)
    if (before !== undefined && slice.sums.largest * ALIKE >= before.at(-1)!.sums.largest) before.push(slice)
    else bands.push([slice])
  }
  return bands
}

/**
 * Half of the slices, or enough of them side by side or evenly spaced, as confidences in x, y, confidence, x, y, … are. A few small slices
 * here and there are features that are hardly used.
 */
function isQuantity(band: readonly Slice[], slices: number): boolean {
  const [first, ...others] = band.map(({ k }) => k).toSorted((a, b) => a - b) as [number, ...number[]]
  const step = (others[0] ?? first) - first
  const isEven = others.every((k, at) => k === first + (at + 1) * step) && (step === 1 || others.length > 1)
  return band.length * 2 >= slices || (isEven && band.length * LEAST_EVEN >= slices)
}

/** Slices as large as the largest of their band: 8 bits for all of the band keep them. */
const likeItsLargest = (band: readonly Slice[]): readonly Slice[] =>
  band.filter(({ sums }) => sums.largest * ALIKE >= band[0]!.sums.largest)

/** As good as zero, on both sides. */
function isNegligible({ count, signal, candidate }: SliceSums, size: number): boolean {
  const negligible = count * (ROUNDING * size) ** 2
  return signal <= negligible && candidate <= negligible
}

const isLost = ({ sums, bounds, size }: Quantity): boolean =>
  sums.noise >= LOST_NOISE_RATIO * sums.signal &&
  !isNegligible(sums, size) &&
  !(bounds?.isYesNo === true && sums.largest <= ROUNDING)

function cosineOf({ sums, deciding = sums, bySample, bounds, size }: Quantity): number {
  const alone = bounds?.isYesNo === true ? bySample.filter((one) => !canDecide(one)) : bySample
  const cosines = [deciding, ...alone].flatMap((one) => {
    const { signal, candidate, dot } = one
    if (isNegligible(one, size)) return []
    return signal === 0 || candidate === 0 ? [0] : [dot / Math.sqrt(signal * candidate)]
  })
  return Math.min(1, ...cosines)
}

function worstOf(quantities: readonly Quantity[]): ApartAgreement {
  const rated = quantities.map((one) => {
    const { sums, deciding = sums, scale, size, bounds, closenessOfSilent: silent = 1 } = one
    const isNothing = isNegligible(deciding, size) || (bounds?.isYesNo === true && isFaint(sums.largest, sums.signal, sums.noise))
    const { noise: off, signal } = deciding
    const clear = isNothing || off === 0 || signal === 0 ? Number.POSITIVE_INFINITY : signal / off
    const noise = Math.min(clear, signalOverNoise(silent))
    return {
      ...one,
      cosine: Math.min(isNothing ? 1 : cosineOf(one), silent),
      sqnrDb: 10 * Math.log10(noise),
      maxRelative: relativeTo(sums.maxAbs, scale),
    }
  })
  const worst = (by: (one: (typeof rated)[number]) => number) => rated.reduce((low, one) => (by(one) < by(low) ? one : low))
  const [difference, cosine, noise] = [worst((one) => -one.maxRelative), worst((one) => one.cosine), worst((one) => one.sqnrDb)]
  return {
    difference: {
      where: difference.where,
      maxAbs: difference.sums.maxAbs,
      scale: difference.scale,
      maxRelative: difference.maxRelative,
    },
    cosine: { where: cosine.where, value: cosine.cosine },
    sqnr: noise.sqnrDb === Number.POSITIVE_INFINITY ? null : { where: noise.where, db: noise.sqnrDb },
  }
}

/** '0-3, 5': three ranges at most. */
function rangesOf(places: readonly number[]): string {
  const ranges: [number, number][] = []
  for (const place of places.toSorted((a, b) => a - b)) {
    const last = ranges.at(-1)
    if (last !== undefined && place === last[1] + 1) last[1] = place
    else ranges.push([place, place])
  }
  const named = ranges.slice(0, 3).map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
  return `${named.join(', ')}${ranges.length > 3 ? ' …' : ''}`
}
