// Which of the requests that wait a worker takes together, and when.
import { isDue, type Job } from './queued-job.ts'

export interface Batching {
  /** Most rows in one prediction, over all inputs' first axes; 1: requests are not joined. */
  readonly mostRows: number
  /** How many rows are joined if there are fewer than make a whole batch. */
  readonly fewRows: number
  /** How long the first request of an incomplete batch waits for others while a worker is free. */
  readonly delayMs: number
  /** The model's results cannot be split after all: no more requests are joined. */
  readonly onGivenUp: () => void
}

export interface NextJob {
  /** Its place in the queue. */
  readonly at: number
  /** 0: now. */
  readonly waitMs: number
}

export const START_FIRST_JOB: NextJob = { at: 0, waitMs: 0 }

/** The first that waits for others no longer, or makes a whole batch with them; else how long until one is. */
export function nextOf(queue: readonly Job[], { mostRows, delayMs }: Batching, now: number): NextJob {
  if (delayMs === 0) return START_FIRST_JOB
  const looked = new Set<string>()
  let soonest = Number.POSITIVE_INFINITY
  for (const [at, job] of queue.entries()) {
    const waitMs = leftOf(job, delayMs, now)
    if (waitMs <= 0 || (!looked.has(job.key) && rowsWith(job, queue, mostRows) >= mostRows)) return { at, waitMs: 0 }
    looked.add(job.key)
    soonest = Math.min(soonest, waitMs)
  }
  return { at: 0, waitMs: soonest }
}

/** How long it still waits for others to come; 0: it is joined to nothing. */
function leftOf({ rows, isAlone, isCancelled, enqueuedMs, deadlineMs }: Job, delayMs: number, now: number): number {
  if (rows === null || isAlone || isCancelled) return 0
  // What has a deadline is to be answered by then.
  return enqueuedMs + Math.min(delayMs, (deadlineMs - enqueuedMs) / 2) - now
}

/** Takes those out of the queue that are predicted together with the first. */
export function takeWith(first: Job, queue: Job[], { now, ...batching }: Batching & { readonly now: number }): Job[] {
  const taken: Job[] = []
  if (batching.mostRows === 1 || first.rows === null || first.isAlone) return taken
  const most = rowsToTake(first, queue, batching)
  let rows = first.rows
  for (let at = 0; at < queue.length && rows < most; ) {
    const job = queue[at]!
    if (job.rows === null || job.isAlone || job.key !== first.key) at++
    else if (rows + job.rows > most) break
    else {
      queue.splice(at, 1)
      if (!isDue(job, now)) continue
      taken.push(job)
      rows += job.rows
    }
  }
  return taken
}

function rowsToTake(first: Job, queue: readonly Job[], { mostRows, fewRows }: Batching): number {
  return fewRows === mostRows || rowsWith(first, queue, mostRows) >= mostRows ? mostRows : fewRows
}

/** Rows of those that can be joined with the first, itself among them, counted up to `most`. */
function rowsWith(first: Job, queue: readonly Job[], most: number): number {
  let rows = first.rows ?? 0
  for (let at = 0; at < queue.length && rows < most; at++) {
    const job = queue[at]!
    if (job !== first && !job.isAlone && job.rows !== null && job.key === first.key) rows += job.rows
  }
  return rows
}
