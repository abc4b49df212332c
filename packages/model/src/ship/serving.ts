// How a server of the shipped folder serves.

/** How `serve` serves the folder if nobody says. */
export interface Serving {
  readonly workers: number
  /** 1: each request is predicted by itself. */
  readonly maxBatch: number
  /** Rows that are joined of fewer requests than make a whole batch; absent: as many. */
  readonly fewRows?: number
  /** How long the first request of an incomplete batch waits for others; absent: not at all. */
  readonly batchDelayMs?: number
  /** Requests that may wait; absent: as many as if nobody says. */
  readonly queue?: number
  /** How long a request without a deadline of its own may wait; absent: as long as it takes. */
  readonly deadlineMs?: number
}
