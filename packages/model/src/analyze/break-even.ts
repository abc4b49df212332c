// From which batch on one is faster than another. Measured: the order at each batch, by the interval of the ratio in the same rounds.
// Modelled: where the lines fixed + per sample of the two cross, and called so.
import type { Sweep } from '@whyslow/measure/timing/types.ts'
import { type Order, orderOf, type PairedRatio } from './ranking.ts'

export interface BatchOrder {
  readonly batch: number
  /** b / a and its interval. */
  readonly ratio: Pick<PairedRatio, 'ratio' | 'ratioLow' | 'ratioHigh'>
}

export type BreakEven = {
  readonly a: string
  readonly b: string
  /** How `a` compares with `b` at each batch, smallest first. */
  readonly orders: readonly { readonly batch: number; readonly order: Order }[]
  /** The one that is faster at the smallest batches and the one that is at the largest; null if the order does not turn. */
  readonly winner: { readonly small: string; readonly large: string } | null
  /** measured: `large` is faster at this batch and at every larger one that was measured. modelled: the lines cross there. */
  readonly from: { readonly batch: number; readonly basis: 'measured' | 'modelled' } | null
}

type Line = NonNullable<Sweep['fit']>

/** A line that misses its own points by more says nothing of what is beyond them. */
const LARGEST_MISS = 0.15
/** A crossing further out than this many times the largest batch is as good as none. */
const FURTHEST = 16

/** `orders`: at two batches at least. */
export function breakEven(
  a: { readonly id: string; readonly sweep: Sweep | null },
  b: { readonly id: string; readonly sweep: Sweep | null },
  measured: readonly BatchOrder[],
): BreakEven {
  const orders = [...measured].sort((x, y) => x.batch - y.batch).map(({ batch, ratio }) => ({ batch, order: orderOf(ratio) }))
  const told = orders.filter(({ order }) => order !== 'no-difference')
  const base = { a: a.id, b: b.id, orders }
  const [first, last] = [told[0], told.at(-1)]
  if (first === undefined || last === undefined) return { ...base, winner: null, from: null }
  const fastest = (order: Order) => (order === 'faster' ? { own: a.id, other: b.id } : { own: b.id, other: a.id })
  if (first.order !== last.order) {
    const from = told.findLast(({ order }) => order !== last.order)!.batch
    const { own: large, other: small } = fastest(last.order)
    const since = orders.find(({ batch, order }) => batch > from && order === last.order)!
    return { ...base, winner: { small, large }, from: { batch: since.batch, basis: 'measured' } }
  }
  const beyond = crossing(a.sweep, b.sweep, orders.at(-1)!.batch)
  if (beyond === null) return { ...base, winner: null, from: null }
  const { own: small, other: large } = fastest(last.order)
  // The line of the slower one must catch up, not fall further behind.
  return (beyond.cheaper === 'a' ? a.id : b.id) === large
    ? { ...base, winner: { small, large }, from: { batch: beyond.batch, basis: 'modelled' } }
    : { ...base, winner: null, from: null }
}

/** Where the lines cross beyond `largest`, and whose samples are cheaper there; null if they do not, or fit too badly. */
function crossing(a: Sweep | null, b: Sweep | null, largest: number): { batch: number; cheaper: 'a' | 'b' } | null {
  if (!a?.fit || !b?.fit || missOf(a, a.fit) > LARGEST_MISS || missOf(b, b.fit) > LARGEST_MISS) return null
  const batch = Math.ceil((a.fit.fixedMs - b.fit.fixedMs) / (b.fit.perUnitMs - a.fit.perUnitMs))
  if (!(batch > largest && batch <= FURTHEST * largest)) return null
  return { batch, cheaper: a.fit.perUnitMs < b.fit.perUnitMs ? 'a' : 'b' }
}

/** Largest distance of a point from its line, relative to the point. */
export const missOf = ({ points }: Pick<Sweep, 'points'>, { fixedMs, perUnitMs }: Line): number =>
  Math.max(...points.map(({ at, p50Ms }) => Math.abs(fixedMs + perUnitMs * at - p50Ms) / p50Ms))
