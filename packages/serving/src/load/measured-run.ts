// A run of the generator, as its numbers are taken from it.
import type { Goodput } from './goodput.ts'
import type { Records } from './records.ts'
import type { SentStream } from './stream-log.ts'

export interface MeasuredRun {
  readonly records: Records
  /** Requests that were sent or were to be sent; the records' first. */
  readonly sent: number
  readonly measuredFrom: number
  /** The measured part, ms from the start of the run. */
  readonly fromMs: number
  readonly toMs: number
  readonly toldNames: readonly string[]
  readonly repeated: number
  readonly ratePerSecond: number | null
  readonly clients: number | null
  readonly seed: number
  readonly timeoutMs: number
  /** Share of the requests that may be refused or time out where more is allowed than is usual; absent: as usual. */
  readonly mostRefused?: number
  /** Good answers that were streams; absent: answers are not. */
  readonly streams?: readonly SentStream[]
  /** Bounds of both times that make a stream a good one. */
  readonly goodput?: Goodput
  /** Tokens of a text, for servers that do not count them. */
  readonly countTokens?: (text: string) => number
}
