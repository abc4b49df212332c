// Who is faster than whom, from ratios with intervals. Two whose ratio's interval reaches the smallest difference worth telling are not distinguished, and a place is taken by
// all that nobody is detectably faster than: places 1, 1, 3 are an answer.
import { type Verdict, verdictOf } from '@whyslow/measure/statistics/index.ts'

/** Latencies of two setups that were measured in the same rounds. */
export interface PairedRatio {
  readonly a: string
  readonly b: string
  /** b / a: above 1, a is faster. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

export type Order = Verdict

const OPPOSITE = { faster: 'slower', slower: 'faster', 'no-difference': 'no-difference' } as const

/** How `a` compares with `b`. */
export const orderOf = (ratio: Pick<PairedRatio, 'ratioLow' | 'ratioHigh'>): Order => OPPOSITE[verdictOf(ratio)]

/** How `x` compares with `y`; no-difference if they were not compared. */
export function pairedOrder(x: string, y: string, pairs: readonly PairedRatio[]): Order {
  for (const pair of pairs) {
    if (pair.a === x && pair.b === y) return orderOf(pair)
    if (pair.a === y && pair.b === x) return verdictOf(pair)
  }
  return 'no-difference'
}

export interface RankedContestant {
  readonly id: string
  /** 1 and how many are detectably faster. */
  readonly place: number
  /** Those of which it cannot be distinguished, in order of their latency. */
  readonly tiedWith: readonly string[]
}

/** Fastest first; those of one place by their latency. */
export function rank(
  measured: readonly { readonly id: string; readonly p50Ms: number }[],
  pairs: readonly PairedRatio[],
): readonly RankedContestant[] {
  const byTime = [...measured].sort((x, y) => x.p50Ms - y.p50Ms)
  const ranked = byTime.map(({ id }) => {
    const others = byTime.filter((other) => other.id !== id)
    const place = 1 + others.filter((other) => pairedOrder(other.id, id, pairs) === 'faster').length
    const tiedWith = others.filter((other) => pairedOrder(other.id, id, pairs) === 'no-difference').map((other) => other.id)
    return { id, place, tiedWith }
  })
  return ranked.sort((x, y) => x.place - y.place)
}
