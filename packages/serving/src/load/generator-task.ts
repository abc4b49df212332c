// What the generator's thread is told, what it shares with who watches it, and what it answers.
import type { KeptAnswer } from './kept-answers.ts'
import type { SentStream } from './stream-log.ts'
import type { Target } from './target.ts'

export interface GeneratorTask {
  readonly target: Target
  readonly memory: SharedArrayBuffer
  /** Requests whose due times are in memory; in a closed loop, the most that are sent. */
  readonly count: number
  /** null: open loop. */
  readonly closed: { readonly clients: number; readonly lengthMs: number } | null
  readonly timeoutMs: number
  readonly mostOutstanding: number
  readonly seed: number
  /** See CONTROL. */
  readonly control: SharedArrayBuffer
  readonly clockFile: string
}

/** Words that the threads share. `stop`: see STOP; `wake`: a wake-up is under way; `sent` and `done` count requests. */
export const CONTROL = { stop: 0, wake: 1, sent: 2, done: 3 } as const
/** `sending`: what is outstanding is waited for. `all`: it is given up, and stays pending. */
export const STOP = { no: 0, sending: 1, all: 2 } as const

export interface GeneratorResult {
  /** Start on the clock of `nowMs`. */
  readonly startMs: number
  readonly endMs: number
  /** Requests that were to be sent: all of `count`, or fewer after a stop or in a closed loop. */
  readonly sent: number
  readonly repeated: number
  readonly toldNames: readonly string[]
  /** Good answers that were streams, in the order in which they ended; absent: answers are not. */
  readonly streams?: readonly SentStream[]
  /** Some of the good answers. */
  readonly kept: readonly KeptAnswer[]
  /** CPU time of this process meanwhile: of all threads, which do nothing else. Without what it takes to start them. */
  readonly cpuMs: number
}
