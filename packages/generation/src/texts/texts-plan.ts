// Which texts are encoded, in which ways, and how long that may take.

export interface TextsWay {
  readonly batch: number
  readonly order: 'given' | 'sorted'
  readonly padding: 'longest' | 'maximum'
  /** The first of the texts; null: all. */
  readonly texts: number | null
}

export interface TextsPlan {
  /** All of them may be more than are encoded. */
  readonly texts: readonly string[]
  /** How many are encoded; null: as many as one pass takes `passMs` for, one at a time, but at least `leastTexts` if `mostMs` allows. */
  readonly count: number | null
  readonly leastTexts: number
  readonly passMs: number
  readonly ways: readonly TextsWay[]
  readonly leastRounds: number
  readonly mostRounds: number
  /** No new round begins after so long. */
  readonly roundsMs: number
  /** The pass that warms up and the least rounds take about as long at most: else there are fewer texts, smaller batches and fewer ways. */
  readonly mostMs: number
  readonly longest: number | null
  /** What texts are padded to in ways that pad to the maximum. */
  readonly maximum: number | null
}
