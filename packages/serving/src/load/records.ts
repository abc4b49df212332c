// What is kept of every request, in memory that the generator's threads share: raw times, so that any percentile can be had of them.
// Times are milliseconds from the start of the run; latency is from the scheduled instant to the last byte of the answer.

/** No answer of the server: why. Above: the status of its answer. */
export const OUTCOME = {
  pending: 0,
  /** No answer within the time-out. */
  timedOut: -1,
  /** No connection. */
  unreachable: -2,
  /** The connection ended before the whole answer. */
  broken: -3,
  /** Not the protocol that was spoken. */
  malformed: -4,
  /** Too many were outstanding: never sent. */
  unsent: -5,
  /** A stream that reported an error after its status, or that held no text. */
  streamFailed: -6,
} as const

/** What the server reports about an answer (`Server-Timing`), by place. */
export const MOST_SERVER_TIMES = 8

export interface Records {
  readonly capacity: number
  readonly dueMs: Float64Array
  readonly sentMs: Float64Array
  /** Until the request could be written: after `sentMs` by hundredths of a millisecond, or by what a new connection takes. */
  readonly openMs: Float64Array
  readonly firstByteMs: Float64Array
  readonly doneMs: Float64Array
  readonly outcome: Int16Array
  /** `MOST_SERVER_TIMES` for each request, ms; NaN if nothing was told. */
  readonly toldMs: Float32Array
}

const perRequestBytes = 5 * 8 + 2 + MOST_SERVER_TIMES * 4

export function makeRecords(capacity: number): SharedArrayBuffer {
  return new SharedArrayBuffer(Math.ceil(capacity / 8) * 8 * perRequestBytes)
}

/** The columns within memory of `makeRecords`. */
export function recordsIn(memory: SharedArrayBuffer): Records {
  const capacity = memory.byteLength / perRequestBytes
  const column = (k: number) => new Float64Array(memory, k * 8 * capacity, capacity)
  return {
    capacity,
    dueMs: column(0),
    sentMs: column(1),
    openMs: column(2),
    firstByteMs: column(3),
    doneMs: column(4),
    toldMs: new Float32Array(memory, 40 * capacity, MOST_SERVER_TIMES * capacity),
    outcome: new Int16Array(memory, (40 + 4 * MOST_SERVER_TIMES) * capacity, capacity),
  }
}
