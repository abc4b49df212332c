// Streams of text in the document of `whyslow load`: when text came, by tokens that somebody counts, and what stopped it. Milliseconds; shares are 0..1.

/** Streams of text with a good answer. Times to the first token are from the instant that the request was scheduled for. */
export interface LoadStreams {
  readonly streams: number
  /** Who counts tokens: the server's usage, chunks that list theirs, a tokenizer; null: nobody. Chunks are never taken for tokens. */
  readonly countedBy: 'usage' | 'listed' | 'tokenizer' | null
  /** Until the first chunk with text. */
  readonly firstTokenMs: LoadStreamTimes | null
  /** Time of a request from its first chunk to its last token, over the tokens after those of the first chunk. */
  readonly timePerTokenMs: LoadStreamTimes | null
  /** Gaps between chunks, over all streams. */
  readonly betweenChunksMs: LoadStreamTimes | null
  readonly tokensPerStream: number | null
  readonly tokensPerChunk: number | null
  /** Tokens of all streams together. */
  readonly tokensPerSecond: number | null
  /** null: no bounds were given. */
  readonly goodput: LoadGoodput | null
  /** Share of the prompts' tokens that the server's prefix cache held; null: it does not say. */
  readonly cachedShare: number | null
  /** Share of the requests whose body was sent before in the same run. */
  readonly repeatedShare: number
  /** Streams that stopped for a while; null: none is long enough to see. */
  readonly stalls: LoadStalls | null
  /** Why a number above is null, by its name. */
  readonly reasons: Readonly<Record<string, string>>
}

/** A percentile is null if it takes more values. */
export interface LoadStreamTimes {
  readonly values: number
  readonly mean: number
  readonly p50: number | null
  readonly p90: number | null
  readonly p99: number | null
  readonly max: number
}

/** Requests that keep both bounds, or the one that was given; those without a good answer do not. */
export interface LoadGoodput {
  /** As it was given: 'first<500ms,token<50ms'. */
  readonly bounds: string
  readonly firstTokenMs: number | null
  readonly timePerTokenMs: number | null
  readonly good: number
  readonly share: number
  readonly perSecond: number
}

/** Gaps between chunks that are three times as long as the median gap of their stream, and 5 ms longer. */
export interface LoadStalls {
  readonly stalls: number
  readonly perStream: number
  /** What a stall adds to the usual gap. */
  readonly meanMs: number | null
  readonly longestMs: number | null
  /** Share of the time from the first chunk to the last. */
  readonly share: number
  /** Share of the stalls at whose end another request had its first token: its prompt was read meanwhile. */
  readonly prefillShare: number | null
  /** What that share would be if first tokens came at any time. */
  readonly chanceShare: number | null
  readonly prefillMsPerStream: number
}
