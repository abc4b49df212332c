// Quantities that one output joins, each compared by its own size: boxes in pixels and scores, a state of two parts, targets in several
// units. Compared as one, the largest hides all others. They are the inputs of the Concat that ends the graph, and slices along an axis
// whose sizes are far apart. Slices of like size stay together: the features of one vector are not quantities of their own.
//
// How small may a difference be and still count? What float32 rounds the largest number of the same tensor to is the least: a slice that
// is zero but for such leftovers (a padding channel) holds nothing. Shares of 1, which Sigmoid and Softmax make, have a size without
// being large: those that are below 1e-4 on all inputs say no to every question, and only have to be there still.
import type { GraphView } from '../../graph/types.ts'
import type { Compared } from './compared.ts'
import { type Joined, joinedParts } from './joined-parts.ts'
import { isRealFloat } from './numbers.ts'
import { addSums, type SlicedSample, type SliceSums, sumSlices } from './slice-sums.ts'
import type { ApartAgreement } from './types.ts'
import { ROUNDING } from './verdict.ts'

/** Slices whose sizes differ by no more are one quantity. */
const ALIKE = 8
const MOST_SLICES = 4096
/** The largest of fewer numbers is no size. The largest of eight from one distribution hardly ever differs by a factor of eight. */
const LEAST_NUMBERS = 8
/** Of the largest number of the tensor: 1e-4 of this share are three units in that number's last place as float32. */
const LEAST_SIZE = 1 / 512
/** Noise over signal (powers) from which on a slice has lost what it held. */
const LOST = 0.5

const SMALLEST_NORMAL = 2 ** -126

interface Quantity {
  /** Completes 'the output y differs by 0.5 …'. */
  readonly where: string
  readonly sums: SliceSums
  /** The same sample by sample, where a sample holds enough of it. */
  readonly bySample: readonly SliceSums[]
  readonly isShare: boolean
  /** What differences are held against. */
  readonly scale: number
}

/** The worst of an output's quantities; null where it is one quantity, or no difference is large enough to count. */
export function compareQuantities(one: Compared, joined: readonly Joined[], maxAbs: number): ApartAgreement | null {
  const { original, originalNumbers, candidateNumbers, meaning, scale, selected } = one
  if (originalNumbers === null || candidateNumbers === null || !isRealFloat(original[0]!.dtype) || selected !== undefined)
    return null
  const [{ parts }] = joined as [Joined]
  if (parts.length === 1 && maxAbs <= ROUNDING * LEAST_SIZE * scale) return null
  const samples = original.map(({ shape }, sample): SlicedSample => {
    const { partOf } = joined[sample]!
    return { original: originalNumbers[sample]!, candidate: candidateNumbers[sample]!, shape, partOf }
  })
  const found: Quantity[] = []
  const isOneUnit = meaning.meaning !== 'values'
  const shares = parts.map(({ isShare }) => isShare || (isOneUnit && isWithinOne(one)))
  if (parts.length > 1) {
    const bySample = samples.map((sample) => sumSlices([sample], parts.length, null, scale))
    for (const [k, { value }] of parts.entries()) {
      const each = bySample.map((sums) => sums[k]!)
      const sums = addSums(each)
      found.push({
        where: `where it joins '${value}'`,
        sums,
        bySample: each.filter(({ count }) => count >= LEAST_NUMBERS),
        isShare: shares[k]!,
        scale: scaleOfPart(sums.largest, shares[k]!, scale),
      })
    }
  }
  for (const axis of axesOf(original.map(({ shape }) => shape))) {
    const slices = original[0]!.shape[axis]!
    const along = sumSlices(samples, parts.length, axis, scale)
    for (const [part, isShare] of shares.entries()) {
      const known = Array.from({ length: slices }, (_, k) => ({ k, sums: along[part * slices + k]! })).filter(
        ({ sums }) => sums.count >= LEAST_NUMBERS,
      )
      const quantity = (of: readonly (typeof known)[number][]): Quantity => {
        const all = addSums(of.map(({ sums }) => sums))
        const where = `at ${rangesOf(of.map(({ k }) => k))} of axis ${axis}`
        return { where, sums: all, bySample: [], isShare, scale: scaleOfPart(all.largest, isShare, scale) }
      }
      if (!isShare && !isOneUnit) found.push(...bandsOf(known).map(quantity))
      if (isShare || !isOneUnit) found.push(...known.map((slice) => quantity([slice])).filter(isLost))
    }
  }
  return found.length === 0 ? null : worstOf(found)
}

/** What differences of a share of 1 are held against. Rounding moves sigmoid(x) = s by s (1 - s) times what it moves x by, and x is about ln s. */
export const scaleOfShare = (largest: number): number => largest * (largest > 0 ? Math.max(1, -Math.log(largest)) : 1)

const scaleOfPart = (own: number, isShare: boolean, tensor: number): number =>
  isShare ? scaleOfShare(own) : Math.max(own, LEAST_SIZE * tensor)

/** Of a share of 1 that is below 1e-4 everywhere: whether it is there still. */
export const isFaint = (largest: number, signal: number, noise: number): boolean => largest <= ROUNDING && noise < LOST * signal

/** Engines may take numbers below the smallest normal float32 for zero. */
export const relativeTo = (difference: number, scale: number): number => (difference < SMALLEST_NORMAL ? 0 : difference / scale)

/** What each sample of an output is joined from. Shapes that came before are not looked at again. Where samples join different parts, nothing is known of them. */
export function joinedBySample({ name, original }: Compared, graph: GraphView | undefined): readonly Joined[] {
  const known = new Map<string, Joined>()
  const joined = original.map(({ shape }) => {
    const key = shape.join()
    const one = known.get(key) ?? joinedParts(graph, name, shape)
    known.set(key, one)
    return one
  })
  const isAlike = joined.every(({ parts }) => parts.length === joined[0]!.parts.length)
  return isAlike ? joined : joined.map(() => ({ parts: [{ value: name, isShare: false }], partOf: null }))
}

const isWithinOne = ({ originalNumbers }: Compared): boolean =>
  originalNumbers!.every((values) => {
    for (let k = 0; k < values.length; k++) if (!(values[k]! >= 0 && values[k]! <= 1)) return false
    return true
  })

/** As long in all samples, and short enough to be a list of quantities. */
function axesOf(shapes: readonly (readonly number[])[]): readonly number[] {
  const [first] = shapes as [readonly number[]]
  return first.flatMap((size, axis) =>
    size >= 2 && size <= MOST_SLICES && shapes.every((shape) => shape[axis] === size) ? [axis] : [],
  )
}

/** Slices by size, from the largest down, a new band where one is eight times as small as the first of its band. None: all are alike. */
function bandsOf<S extends { readonly sums: SliceSums }>(slices: readonly S[]): readonly (readonly S[])[] {
  const bands: S[][] = []
  for (const slice of slices.toSorted((a, b) => b.sums.largest - a.sums.largest)) {
    const band = bands.at(-1)
    if (band !== undefined && slice.sums.largest * ALIKE >= band[0]!.sums.largest) band.push(slice)
    else bands.push([slice])
  }
  return bands.length > 1 ? bands : []
}

/** As good as zero, on both sides. */
function isNegligible({ count, signal, candidate }: SliceSums, scale: number): boolean {
  const negligible = count * (ROUNDING * scale) ** 2
  return signal <= negligible && candidate <= negligible
}

const isLost = ({ sums, isShare, scale }: Quantity): boolean =>
  sums.noise >= LOST * sums.signal && !isNegligible(sums, scale) && !(isShare && sums.largest <= ROUNDING)

function cosineOf({ sums, bySample, scale }: Quantity): number {
  const cosines = [sums, ...bySample].flatMap((one) => {
    const { signal, candidate, dot } = one
    if (isNegligible(one, scale)) return []
    return signal === 0 || candidate === 0 ? [0] : [dot / Math.sqrt(signal * candidate)]
  })
  return Math.min(1, ...cosines)
}

function worstOf(quantities: readonly Quantity[]): ApartAgreement {
  const rated = quantities.map((one) => {
    const { sums, scale, isShare } = one
    const isNothing = isNegligible(sums, scale) || (isShare && isFaint(sums.largest, sums.signal, sums.noise))
    const noise = isNothing || sums.noise === 0 || sums.signal === 0 ? Number.POSITIVE_INFINITY : sums.signal / sums.noise
    return {
      ...one,
      cosine: isNothing ? 1 : cosineOf(one),
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
