// When the tokens of one streamed answer came. A chunk is not a token: servers bundle tokens (speculation, batched detokenizing, a slow reader), so that gaps
// between chunks are not times of tokens (https://github.com/vllm-project/vllm/issues/27485). Tokens are counted by what the server says, or by a tokenizer.
import type { StreamEnd, StreamPiece, StreamUsage } from './piece.ts'

/** What one streamed answer was, on the clock of who read it. */
export interface StreamTimes {
  /** When each chunk with text came, ms. */
  readonly chunksMs: readonly number[]
  /** When the message came that says why it ended; null: none did. */
  readonly endedMs: number | null
  readonly ended: StreamEnd | null
  readonly usage: StreamUsage | null
  /** Tokens of all chunks, and of the first, as the chunks list them; null: they do not. */
  readonly listedTokens: number | null
  readonly firstListed: number | null
  /** Characters. */
  readonly textLength: number
  readonly firstLength: number
  readonly error: string | null
}

/** Takes the messages of one answer as they come. */
export class StreamTally {
  private readonly chunksMs: number[] = []
  private readonly texts: string[] = []
  private endedMs: number | null = null
  private ended: StreamEnd | null = null
  private usage: StreamUsage | null = null
  private listed: number | null = 0
  private firstListed: number | null = null
  private error: string | null = null

  add(piece: StreamPiece, atMs: number): void {
    const { text, tokens, usage, ended, error } = piece
    this.error ??= error
    // Usage may grow from chunk to chunk: the last one counts.
    if (usage !== null) this.usage = usage
    if (ended !== null) {
      this.ended = ended
      this.endedMs ??= atMs
    }
    if (text === '') return
    if (this.chunksMs.length === 0) this.firstListed = tokens ?? usage?.generatedTokens ?? null
    this.chunksMs.push(atMs)
    this.texts.push(text)
    this.listed = this.listed === null || tokens === null ? null : this.listed + tokens
  }

  times(): StreamTimes {
    const { chunksMs, endedMs, ended, usage, firstListed, error, texts } = this
    return {
      chunksMs,
      endedMs,
      ended,
      usage,
      listedTokens: chunksMs.length === 0 ? null : this.listed,
      firstListed: firstListed === 0 ? null : firstListed,
      textLength: texts.reduce((sum, { length }) => sum + length, 0),
      firstLength: texts[0]?.length ?? 0,
      error,
    }
  }

  /** The whole text, and that of the first chunk. */
  text(): { readonly whole: string; readonly first: string } {
    return { whole: this.texts.join(''), first: this.texts[0] ?? '' }
  }
}

/** Who counted the tokens: the server's usage or timings, the chunks that list their tokens, a tokenizer; null: nobody. */
export type CountedBy = 'usage' | 'listed' | 'tokenizer'

export interface TokenCount {
  readonly tokens: number
  readonly by: CountedBy
}

/** New tokens of an answer. `tokenized`: by a tokenizer, null: there is none. */
export function tokenCountOf({ usage, listedTokens }: StreamTimes, tokenized: number | null = null): TokenCount | null {
  if (usage?.generatedTokens != null && usage.generatedTokens > 0) return { tokens: usage.generatedTokens, by: 'usage' }
  if (listedTokens !== null && listedTokens > 0) return { tokens: listedTokens, by: 'listed' }
  return tokenized === null || tokenized === 0 ? null : { tokens: tokenized, by: 'tokenizer' }
}

/** A first chunk with less than this share of a mean chunk's text holds fewer tokens than the others. */
const SHORT_SHARE = 0.5

/**
 * Tokens that came with the first chunk: they took the time to the first token, and none after it. Chunks that list theirs say so. Else the first chunk holds
 * as many as a mean chunk, or fewer if its text is much shorter than a mean chunk's: some servers send the first token at once and bundle those after it.
 */
function firstTokensOf(times: StreamTimes, { tokens, by }: TokenCount): number {
  const { chunksMs, firstListed, firstLength, textLength, ended } = times
  if (firstListed !== null) return Math.min(tokens, firstListed)
  // A token that ends the text is in no chunk, and the server alone counts it.
  const perChunk = (ended === 'end' && by === 'usage' ? tokens - 1 : tokens) / Math.max(1, chunksMs.length)
  const meanLength = textLength / Math.max(1, chunksMs.length)
  return Math.max(1, firstLength < SHORT_SHARE * meanLength ? (firstLength / textLength) * tokens : perChunk)
}

/** Time per token after those of the first chunk, ms; null: all came at once, or their number is not known. */
export function timePerTokenOf(times: StreamTimes, count: TokenCount | null): number | null {
  const first = times.chunksMs[0]
  if (count === null || first === undefined) return null
  const after = count.tokens - firstTokensOf(times, count)
  const took = lastMs(times, count)! - first
  return after < 1 || took <= 0 ? null : took / after
}

/**
 * When the last token that was counted came. One that ends the text has no text, and comes with the message that says so: the server counts it, who counts
 * texts or lists does not. null: no token came.
 */
export function lastMs({ chunksMs, ended, endedMs }: StreamTimes, count: TokenCount | null): number | null {
  const last = chunksMs.at(-1) ?? null
  return last !== null && count?.by === 'usage' && ended === 'end' && endedMs !== null ? Math.max(last, endedMs) : last
}
