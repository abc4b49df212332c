// Which answers are kept as they came, to be looked at once the run is over: a server that is fast since it is wrong under load shows nowhere
// else (LoadGen's TEST01).
import { mulberry32 } from '@whyslow/graph/random.ts'

export interface KeptAnswer {
  /** Which of the target's requests it answers. */
  readonly input: number
  /** The body; over gRPC the message with what frames it. */
  readonly body: Uint8Array
}

const KEPT = 64
/** Most bytes kept of a run, so that a search with many runs stays small. */
export const MOST_KEPT_BYTES = 4 * 1024 * 1024
/** Gap between kept requests of a closed loop, whose end is not known: they are of the first thousand. */
const CLOSED_GAP = 16

/** Requests to keep: at most `KEPT`, spread over a run of `count`; null: it is not known how many it will be. */
export function requestsToKeep(count: number | null, seed: number): ReadonlySet<number> {
  const random = mulberry32(seed ^ 0x2545f491)
  const gap = count === null ? CLOSED_GAP : Math.max(1, count / KEPT)
  return new Set(Array.from({ length: KEPT }, (_, k) => Math.floor((k + random()) * gap)))
}
