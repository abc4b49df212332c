// A request in the dispatcher's queue: from when it came until a worker has it.
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { batchKeyOf, rowsOf } from './batches.ts'
import { RequestError } from './protocol.ts'

export interface Timing {
  readonly queueMs: number
  /** Part of `queueMs` in which a worker was free and waited for others to join; absent: no worker waits. */
  readonly batchWaitMs?: number
  /** Time to the worker and back. */
  readonly handOverMs: number
  /** Time of the prediction that this request was part of. */
  readonly computeMs: number
  /** Requests that were predicted together. */
  readonly together: number
}

export interface JobAnswer {
  readonly results: Results
  readonly timing: Timing
}

export interface Job {
  readonly feeds: Feeds
  readonly enqueuedMs: number
  readonly deadlineMs: number
  /** null: its inputs differ in their first axes, so that it is predicted by itself. */
  readonly rows: number | null
  readonly key: string
  tries: number
  isCancelled: boolean
  /** Went wrong together with others, which is no fault of theirs. */
  isAlone: boolean
  /** How long it was left by a worker that was free; null: no worker waits for others to join. */
  batchWaitMs: number | null
  /** Since when it is; null: it is not. */
  leftMs: number | null
  /** Until its deadline. */
  limit: NodeJS.Timeout | undefined
  readonly resolve: (answer: JobAnswer) => void
  readonly reject: (error: unknown) => void
}

interface Coming {
  readonly enqueuedMs: number
  readonly timeoutMs: number | null
  readonly isDelayed: boolean
}

export function newJob(
  feeds: Feeds,
  { enqueuedMs, timeoutMs, isDelayed }: Coming,
): { readonly job: Job; readonly answer: Promise<JobAnswer> } {
  let job!: Job
  const answer = new Promise<JobAnswer>((resolve, reject) => {
    const deadlineMs = timeoutMs === null ? Number.POSITIVE_INFINITY : enqueuedMs + timeoutMs
    job = {
      ...{ feeds, enqueuedMs, deadlineMs, rows: rowsOf(feeds), key: batchKeyOf(feeds) },
      ...{ tries: 0, isCancelled: false, isAlone: false, batchWaitMs: isDelayed ? 0 : null, leftMs: null, limit: undefined },
      resolve(answer) {
        clearTimeout(job.limit)
        resolve(answer)
      },
      reject(error) {
        clearTimeout(job.limit)
        reject(error)
      },
    }
  })
  return { job, answer }
}

/** No worker is free any more that could have taken them, or one takes them. */
export function endBatchWait(jobs: readonly Job[], now: number): void {
  for (const job of jobs) {
    if (job.leftMs === null) continue
    job.batchWaitMs = (job.batchWaitMs ?? 0) + now - job.leftMs
    job.leftMs = null
  }
}

/** Timers hold no more. */
const MOST_TIMER_MS = 2 ** 31 - 1

/** Once its deadline has passed, unless it has its answer before: `drop` takes it out of the queue; if a worker has it, nobody waits for what it gives. */
export function watchDeadline(job: Job, nowMs: () => number, drop: () => void): void {
  const leftMs = job.deadlineMs - nowMs()
  if (leftMs < 0) {
    drop()
    job.reject(new RequestError(504, 'the deadline passed while the request was predicted'))
  } else if (leftMs <= MOST_TIMER_MS) job.limit = setTimeout(() => watchDeadline(job, nowMs, drop), Math.floor(leftMs) + 1)
}

/** Takes out of the queue whose deadline has passed or whose client has gone; how many still wait. */
export function dropDue(queue: Job[], now: number): number {
  const left = queue.filter((job) => isDue(job, now))
  queue.splice(0, queue.length, ...left)
  return left.length
}

/** Whether it still waits; if it does not, it is told so. */
export function isDue(job: Job, now: number): boolean {
  if (job.isCancelled) {
    job.reject(new RequestError(499, 'the client has gone'))
    return false
  }
  if (now <= job.deadlineMs) return true
  job.reject(new RequestError(504, 'the deadline passed while the request waited'))
  return false
}
