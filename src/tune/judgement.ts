// What pairs of readings say of a candidate beside its base.
export interface Judgement {
  readonly verdict: 'faster' | 'slower' | 'no-difference'
  /** Why it is no clear answer, where there is more to say than the interval does. */
  readonly reason: string | null
  readonly before: number
  readonly after: number
  /** before / after, median over pairs, and its interval. */
  readonly speedup: number
  readonly speedupLow: number
  readonly speedupHigh: number
  readonly beforeMs: number | null
  readonly afterMs: number | null
  readonly peakBytes: number | null
  readonly pairs: number
}
