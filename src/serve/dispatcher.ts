// One bounded queue in front of all workers: first come, first served, whoever is free takes the next. A request is refused at once where
// the queue is full, dropped where its deadline has passed or its client has gone, and asked once more where its worker died. What is dropped
// holds no place. Where requests may be joined, a worker takes with the first all that fit: what had to wait anyway. None waits for others
// to come, unless a delay is told, up to which a free worker leaves an incomplete batch in the queue.
import type { Feeds, Results } from '../engines/types.ts'
import { batchKeyOf, rowsOf } from './batches.ts'
import { RequestError } from './protocol.ts'

/** A worker as the queue sees it. */
export interface Server {
  /**
   * One prediction for all of these requests together, which can be joined. Rejects with WorkerLost where it ended before it answered,
   * with NotApart where the results cannot be taken apart, with RequestError where the engine refused.
   */
  predict(requests: readonly Feeds[]): Promise<Predicted>
}

export interface Predicted {
  /** Of each request. */
  readonly results: readonly Results[]
  /** On the dispatcher's clock. */
  readonly startedMs: number
  readonly endedMs: number
}

/** Its worker ended. */
export class WorkerLost extends Error {
  override readonly name = 'WorkerLost'
}

/** Results of joined requests without a row for each row that went in. */
export class NotApart extends Error {
  override readonly name = 'NotApart'
}

export interface Timing {
  readonly queueMs: number
  /** Of `queueMs`, while a worker was free and waited for others to join; absent: no worker waits. */
  readonly batchWaitMs?: number
  /** To the worker and back. */
  readonly handOverMs: number
  /** Of the prediction that this request was part of. */
  readonly computeMs: number
  /** Requests that were predicted together. */
  readonly together: number
}

export interface Batching {
  /** In one prediction, over all inputs' first axes; 1: requests are not joined. */
  readonly mostRows: number
  /** Of fewer than make a whole batch so many are joined. */
  readonly fewRows: number
  /** So long the first request of an incomplete batch waits for others while a worker is free. */
  readonly delayMs: number
  /** The model's results cannot be taken apart after all: no more requests are joined. */
  readonly onGivenUp: () => void
}

export interface Ticket {
  readonly answer: Promise<{ readonly results: Results; readonly timing: Timing }>
  /** The client has gone: nobody waits for it any more. */
  cancel(): void
}

export interface Dispatcher {
  /** Throws RequestError (503) where the queue is full or closed. `timeoutMs` null: as long as it takes. */
  submit(feeds: Feeds, timeoutMs: number | null): Ticket
  /** A worker that is ready for requests. */
  add(server: Server): void
  /** It takes no more. */
  remove(server: Server): void
  /** Once it is known whether requests can be joined; told again, what waits is joined so, too. */
  join(batching: Batching): void
  readonly waiting: number
  readonly queueLimit: number
  readonly running: number
  /** For how long workers were held by what they have answered, over all of them, ms. */
  readonly heldMs: number
  readonly isFull: boolean
  /** Takes no more, and resolves when what was accepted is answered. */
  drain(): Promise<void>
}

interface Job {
  readonly feeds: Feeds
  readonly enqueuedMs: number
  readonly deadlineMs: number
  /** null: predicted by itself. */
  readonly rows: number | null
  readonly key: string
  tries: number
  isCancelled: boolean
  /** Went wrong together with others, which is no fault of theirs. */
  isAlone: boolean
  /** How long it was left by a worker that was free, and since when it is so; null: none is. */
  batchWaitMs: number
  leftMs: number | null
  readonly resolve: (answer: { results: Results; timing: Timing }) => void
  readonly reject: (error: unknown) => void
}

/** A request whose worker died goes to another one, once. */
const MOST_TRIES = 2

export const SHUTTING_DOWN = 'the server is shutting down'

const NO_BATCHES: Batching = { mostRows: 1, fewRows: 1, delayMs: 0, onGivenUp() {} }

export function createDispatcher(queueLimit: number, nowMs: () => number): Dispatcher {
  const free: Server[] = []
  const servers = new Set<Server>()
  const queue: Job[] = []
  let batching = NO_BATCHES
  /** Now or by turns. */
  let isEverJoined = false
  let later: NodeJS.Timeout | undefined
  let running = 0
  let heldMs = 0
  let isClosed = false
  let drained = () => {}

  const next = () => {
    while (free.length > 0 && queue.length > 0) {
      const now = nowMs()
      const { at, waitMs } = isClosed ? FIRST_NOW : nextOf(queue, batching, now)
      if (waitMs > 0) {
        for (const job of queue) job.leftMs ??= now
        // Whole milliseconds, and never too soon.
        clearTimeout(later)
        later = setTimeout(next, Math.ceil(waitMs))
        break
      }
      const job = queue.splice(at, 1)[0]!
      if (isDue(job, now))
        void serve(free.shift()!, [job, ...takeWith(job, queue, { rows: rowsToTake(job, queue, batching), now })])
    }
    if (free.length === 0 && batching.delayMs > 0) endBatchWait(queue, nowMs())
    if (isClosed && running === 0 && queue.length === 0) drained()
  }
  const serve = async (server: Server, jobs: readonly Job[]) => {
    running += jobs.length
    const sentMs = nowMs()
    const isDelayed = batching.delayMs > 0
    endBatchWait(jobs, sentMs)
    try {
      answerAll(jobs, await server.predict(jobs.map(({ feeds }) => feeds)), { sentMs, endedMs: nowMs(), isDelayed })
    } catch (error) {
      failed(jobs, error)
    }
    running -= jobs.length
    heldMs += nowMs() - sentMs
    if (servers.has(server)) free.push(server)
    next()
  }
  const isCrowded = () => queue.length >= queueLimit && dropDue(queue, nowMs()) >= queueLimit
  const failed = (jobs: readonly Job[], error: unknown) => {
    if (error instanceof NotApart && batching.mostRows > 1) {
      const { onGivenUp } = batching
      batching = NO_BATCHES
      onGivenUp()
    }
    queue.unshift(...jobs.filter((job) => isAskedAgain(job, error, jobs.length)))
  }
  return {
    submit(feeds, timeoutMs) {
      if (isClosed) throw new RequestError(503, SHUTTING_DOWN)
      if (isCrowded()) throw new RequestError(503, `the queue is full (${queueLimit} requests wait); try again later`)
      const { job, answer } = newJob(feeds, { enqueuedMs: nowMs(), timeoutMs, isJoined: isEverJoined })
      queue.push(job)
      next()
      return {
        answer,
        cancel() {
          job.isCancelled = true
          // Its place is for others, at once.
          dropDue(queue, nowMs())
          next()
        },
      }
    },
    add(server) {
      servers.add(server)
      free.push(server)
      next()
    },
    remove(server) {
      servers.delete(server)
      const at = free.indexOf(server)
      if (at >= 0) free.splice(at, 1)
      next()
    },
    join(told) {
      batching = told
      isEverJoined ||= told.mostRows > 1
    },
    get waiting() {
      return queue.length
    },
    queueLimit,
    get running() {
      return running
    },
    get heldMs() {
      return heldMs
    },
    get isFull() {
      return isClosed || isCrowded()
    },
    drain() {
      isClosed = true
      return new Promise((resolve) => {
        drained = resolve
        next()
      })
    },
  }
}

function answerAll(
  jobs: readonly Job[],
  { results, startedMs, endedMs }: Predicted,
  held: { readonly sentMs: number; readonly endedMs: number; readonly isDelayed: boolean },
): void {
  const computeMs = endedMs - startedMs
  const handOverMs = Math.max(0, held.endedMs - held.sentMs - computeMs)
  for (const [k, job] of jobs.entries()) {
    const { enqueuedMs, batchWaitMs } = job
    const timing = { queueMs: held.sentMs - enqueuedMs, handOverMs, computeMs, together: jobs.length }
    job.resolve({ results: results[k]!, timing: held.isDelayed ? { ...timing, batchWaitMs } : timing })
  }
}

/** No worker is free any more that could have taken them, or one takes them. */
function endBatchWait(jobs: readonly Job[], now: number): void {
  for (const job of jobs) {
    if (job.leftMs === null) continue
    job.batchWaitMs += now - job.leftMs
    job.leftMs = null
  }
}

/** Predicted once more, by itself; else it gets the error. */
function isAskedAgain(job: Job, error: unknown, together: number): boolean {
  const isLost = error instanceof WorkerLost
  if (isLost) job.tries++
  job.isAlone = true
  if (isLost ? job.tries < MOST_TRIES : together > 1) return true
  job.reject(isLost ? new RequestError(500, 'the worker that predicted ended before it answered') : error)
  return false
}

interface Coming {
  readonly enqueuedMs: number
  readonly timeoutMs: number | null
  readonly isJoined: boolean
}

function newJob(
  feeds: Feeds,
  { enqueuedMs, timeoutMs, isJoined }: Coming,
): { readonly job: Job; readonly answer: Ticket['answer'] } {
  let job!: Job
  const answer: Ticket['answer'] = new Promise((resolve, reject) => {
    const deadlineMs = timeoutMs === null ? Number.POSITIVE_INFINITY : enqueuedMs + timeoutMs
    const joins = isJoined ? { rows: rowsOf(feeds), key: batchKeyOf(feeds) } : { rows: null, key: '' }
    job = {
      ...{ feeds, enqueuedMs, deadlineMs, ...joins, tries: 0, isCancelled: false, isAlone: false },
      ...{ batchWaitMs: 0, leftMs: null, resolve, reject },
    }
  })
  return { job, answer }
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

function rowsToTake(first: Job, queue: readonly Job[], { mostRows, fewRows }: Batching): number {
  return fewRows === mostRows || rowsWith(first, queue, mostRows) >= mostRows ? mostRows : fewRows
}

/** Takes those out of the queue that are predicted together with the first, up to so many rows. */
function takeWith(first: Job, queue: Job[], { rows: mostRows, now }: { readonly rows: number; readonly now: number }): Job[] {
  const taken: Job[] = []
  if (mostRows === 1 || first.rows === null || first.isAlone) return taken
  let rows = first.rows
  for (let at = 0; at < queue.length && rows < mostRows; ) {
    const job = queue[at]!
    if (job.rows === null || job.isAlone || job.key !== first.key) at++
    else if (rows + job.rows > mostRows) break
    else {
      queue.splice(at, 1)
      if (!isDue(job, now)) continue
      taken.push(job)
      rows += job.rows
    }
  }
  return taken
}

interface Next {
  /** Its place in the queue. */
  readonly at: number
  /** 0: now. */
  readonly waitMs: number
}

const FIRST_NOW: Next = { at: 0, waitMs: 0 }

/** The first that waits for others no longer, or makes a whole batch with them; else how long until one is. */
function nextOf(queue: readonly Job[], { mostRows, delayMs }: Batching, now: number): Next {
  if (delayMs === 0) return FIRST_NOW
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

/** Takes out of the queue whose deadline has passed or whose client has gone; how many still wait. */
function dropDue(queue: Job[], now: number): number {
  const left = queue.filter((job) => isDue(job, now))
  queue.splice(0, queue.length, ...left)
  return left.length
}

/** Looked at when a worker would take it or its place is needed, and not before: what waits costs nothing. */
function isDue(job: Job, now: number): boolean {
  if (job.isCancelled) {
    job.reject(new RequestError(499, 'the client has gone'))
    return false
  }
  if (now <= job.deadlineMs) return true
  job.reject(new RequestError(504, 'the deadline passed while the request waited'))
  return false
}
