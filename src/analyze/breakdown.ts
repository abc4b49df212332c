// The partition of the p50 into parts that add up to it, each in one area. What is not attributed stays `unexplained`, signed.

export type Area = 'architecture' | 'hardware' | 'software'

export interface BreakdownPart {
  readonly part: string
  readonly area: Area | 'unexplained'
  readonly timeMs: number
  readonly share: number
}

export interface Breakdown {
  readonly p50Ms: number
  readonly parts: readonly BreakdownPart[]
  readonly areas: Readonly<Record<Area | 'unexplained', { readonly timeMs: number; readonly share: number }>>
}
