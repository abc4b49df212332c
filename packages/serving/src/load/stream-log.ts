// Streamed answers of a run, read as they come: when chunks came, and what the server counted.
import { StreamReader } from '@whyslow/measure/streams/stream-reader.ts'
import { StreamTally, type StreamTimes } from '@whyslow/measure/streams/stream-times.ts'
import { OUTCOME } from './records.ts'

/** Texts are kept for a tokenizer, where nobody counts tokens, up to this. */
const MOST_TEXT = 16 * 1024 * 1024

export interface SentStream {
  readonly request: number
  /** Which of the target's requests it answers. */
  readonly input: number
  /** Times are on the clock of the run. */
  readonly times: StreamTimes
  /** null: the server counts its tokens, or texts became too many. */
  readonly text: { readonly whole: string; readonly first: string } | null
}

interface Open {
  readonly reader: StreamReader
  readonly tally: StreamTally
}

export class StreamLog {
  readonly ended: SentStream[] = []
  private readonly open = new Map<number, Open>()
  private textLength = 0

  add(request: number, bytes: Uint8Array, atMs: number): void {
    let one = this.open.get(request)
    if (one === undefined) {
      one = { reader: new StreamReader(), tally: new StreamTally() }
      this.open.set(request, one)
    }
    for (const piece of one.reader.add(bytes)) one.tally.add(piece, atMs)
  }

  /** Gives the outcome: a stream may fail after its status was sent. */
  end(request: number, status: number, { input, atMs }: { readonly input: number; readonly atMs: number }): number {
    const one = this.open.get(request)
    this.open.delete(request)
    if (status < 200 || status >= 300) return status
    if (one === undefined) return OUTCOME.streamFailed
    for (const piece of one.reader.end()) one.tally.add(piece, atMs)
    const times = one.tally.times()
    if (times.error !== null || times.chunksMs.length === 0) return OUTCOME.streamFailed
    this.ended.push({ request, input, times, text: this.textOf(one, times) })
    return status
  }

  /** Nobody waits for it any more. */
  drop(request: number): void {
    this.open.delete(request)
  }

  private textOf({ tally }: Open, { usage, listedTokens, textLength }: StreamTimes): SentStream['text'] {
    if (usage?.generatedTokens != null || listedTokens !== null || this.textLength + textLength > MOST_TEXT) return null
    this.textLength += textLength
    return tally.text()
  }
}
