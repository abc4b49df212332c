// The one bisection of this room: from a start to the highest rate that holds, by growing steps until one rate holds and one does not, then by
// bisecting what is between them.

export type Outcome = 'holds' | 'fails' | 'late'

export interface Bracket {
  /** The highest rate that held; null: none did. */
  readonly low: number | null
  /** The lowest rate that failed; null: none did. */
  readonly high: number | null
  /** The lowest rate for which the generator was late; null: it was not, or a lower rate failed. */
  readonly late: number | null
}

/** Whether a rate holds; null ends the search. */
export type Probe = (rate: number, known: Bracket) => Promise<Outcome | null>

interface Steps {
  /** Factors from one rate to the next until there is a bracket; the last one is repeated. */
  readonly growth: readonly number[]
  /** Ends when the bracket is no wider than this factor. */
  readonly ratio: number
  readonly mostProbes: number
}

/** Rounding of square roots. */
const EPSILON = 1e-9

export async function narrowBracket(start: number, probe: Probe, { growth, ratio, mostProbes }: Steps): Promise<Bracket> {
  let low: number | null = null
  let high: number | null = null
  let late: number | null = null
  for (let probes = 0; probes < mostProbes; probes++) {
    const top = Math.min(high ?? Number.POSITIVE_INFINITY, late ?? Number.POSITIVE_INFINITY)
    // A rate for which the generator is late tells nothing of the server, nor do the rates just below it.
    if (low !== null && (top === late || top / low <= ratio * (1 + EPSILON))) break
    const factor = growth[Math.min(Math.max(0, probes - 1), growth.length - 1)]!
    const next: number =
      probes === 0 ? start : low === null ? top / factor : top === Number.POSITIVE_INFINITY ? low * factor : Math.sqrt(low * top)
    const outcome = await probe(next, { low, high, late })
    if (outcome === null) break
    if (outcome === 'holds') low = next
    else if (outcome === 'fails') high = next
    else late = next
  }
  return { low, high, late: late !== null && late < (high ?? Number.POSITIVE_INFINITY) ? late : null }
}
