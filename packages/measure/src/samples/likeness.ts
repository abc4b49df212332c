// What made-up values resemble, for whoever reads a report that rests on them.

export interface Likeness {
  readonly of: 'photo' | 'scan' | 'speech' | 'music' | 'sentences' | 'ids' | 'rows' | 'series' | 'constant' | 'noise'
  /** The range chosen for the values; null if the type or the vocabulary gives it. */
  readonly range: readonly [low: number, high: number] | null
  /** One sentence: what led to this choice. */
  readonly why: string
}
