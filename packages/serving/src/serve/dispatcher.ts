// One bounded queue in front of all workers: first come, first served, whoever is free takes the next. A request is refused at once where
// the queue is full, dropped where its deadline has passed or its client has gone, refused at its deadline though its worker goes on, and
// asked once more where its worker died. What is dropped holds no place. Where requests may be joined, a worker takes with the first all that
// fit: what had to wait anyway. None waits for others to come, unless a delay is told, up to which a free worker leaves an incomplete batch
// in the queue.
import type { Feeds, Results } from '@whyslow/measure/engines/types.ts'
import { type Batching, nextOf, START_FIRST_JOB, takeWith } from './joined-jobs.ts'
import { RequestError } from './protocol.ts'
import { dropDue, endBatchWait, isDue, type Job, type JobAnswer, newJob, watchDeadline } from './queued-job.ts'

export type { Batching } from './joined-jobs.ts'
export type { Timing } from './queued-job.ts'

/** A worker as the queue sees it. */
export interface Server {
  /**
   * One prediction for all of these requests together, which can be joined. Rejects with WorkerLost if it ended before it answered,
   * with NotApart if the results cannot be split, with RequestError if the engine refused.
   */
  predict(requests: readonly Feeds[]): Promise<DispatchResult>
}

export interface DispatchResult {
  /** Results of each request. */
  readonly results: readonly Results[]
  /** Start on the dispatcher's clock. */
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

export interface Ticket {
  readonly answer: Promise<JobAnswer>
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

/** A request whose worker died goes to another one, once. */
const MOST_TRIES = 2

export const SHUTTING_DOWN = 'the server is shutting down'

const NO_BATCHES: Batching = { mostRows: 1, fewRows: 1, delayMs: 0, onGivenUp() {} }

export function createDispatcher(queueLimit: number, nowMs: () => number): Dispatcher {
  const free: Server[] = []
  const servers = new Set<Server>()
  const queue: Job[] = []
  let batching = NO_BATCHES
  let later: NodeJS.Timeout | undefined
  let [running, heldMs] = [0, 0]
  let isClosed = false
  let drained = () => {}

  const next = () => {
    while (free.length > 0 && queue.length > 0) {
      const now = nowMs()
      const { at, waitMs } = isClosed ? START_FIRST_JOB : nextOf(queue, batching, now)
      if (waitMs > 0) {
        for (const job of queue) job.leftMs ??= now
        // Whole milliseconds, and never too soon.
        clearTimeout(later)
        later = setTimeout(next, Math.ceil(waitMs))
        break
      }
      const job = queue.splice(at, 1)[0]!
      if (isDue(job, now)) void serve(free.shift()!, [job, ...takeWith(job, queue, { ...batching, now })])
    }
    if (free.length === 0 && batching.delayMs > 0) endBatchWait(queue, nowMs())
    if (isClosed && running === 0 && queue.length === 0) drained()
  }
  const serve = async (server: Server, jobs: readonly Job[]) => {
    running += jobs.length
    const sentMs = nowMs()
    endBatchWait(jobs, sentMs)
    try {
      answerAll(jobs, await server.predict(jobs.map(({ feeds }) => feeds)), { sentMs, endedMs: nowMs() })
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
      const { job, answer } = newJob(feeds, { enqueuedMs: nowMs(), timeoutMs, isDelayed: batching.delayMs > 0 })
      queue.push(job)
      // Its place is for others, at once.
      const drop = () => {
        dropDue(queue, nowMs())
        next()
      }
      watchDeadline(job, nowMs, drop)
      next()
      return ticketOf(job, answer, drop)
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

const ticketOf = (job: Job, answer: Ticket['answer'], drop: () => void): Ticket => ({
  answer,
  cancel() {
    job.isCancelled = true
    drop()
  },
})

function answerAll(
  jobs: readonly Job[],
  { results, startedMs, endedMs }: DispatchResult,
  held: { readonly sentMs: number; readonly endedMs: number },
): void {
  const computeMs = endedMs - startedMs
  const handOverMs = Math.max(0, held.endedMs - held.sentMs - computeMs)
  for (const [k, job] of jobs.entries()) {
    const { enqueuedMs, batchWaitMs } = job
    const timing = { queueMs: held.sentMs - enqueuedMs, handOverMs, computeMs, together: jobs.length }
    job.resolve({ results: results[k]!, timing: batchWaitMs === null ? timing : { ...timing, batchWaitMs } })
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
