// The worker threads: started, watched, started again if one ends. A prediction that hangs costs its worker: the thread is ended and started
// again. A thread that is in native code cannot be ended: another one is started next to it, up to as many as there are workers; after that
// the server goes on with fewer, and is not ready once there are none.
import { Worker } from 'node:worker_threads'
import { firstLineOf, InputError } from '@whyslow/graph/input-error.ts'
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { nowMs } from '@whyslow/measure/machine/now.ts'
import { type Dispatcher, type DispatchResult, NotApart, type Server, WorkerLost } from './dispatcher.ts'
import { badRequest, RequestError } from './protocol.ts'
import { createPredictionTimes } from './stuck.ts'
import type { WorkerAnswer, WorkerOpening, WorkerRequest, WorkerTask } from './worker-task.ts'

/** Before the engine's words. */
export const CANNOT_PREDICT = 'the model does not predict with these inputs: '
/** Between two starts of a worker that ends at once; twice as long each time. */
const RESTART_MS = 500
const MOST_RESTART_MS = 10_000
/** Workers are looked at so often, and more often where less is told. */
const WATCH_MS = 1000
const LEAST_WATCH_MS = 10
/** A thread that has not ended this long after it was told to is in native code. */
const NATIVE_MS = 5000

export interface Workers {
  readonly opened: Extract<WorkerOpening, { ok: true }>
  /** Workers that are ready. */
  readonly ready: () => number
  readonly restarts: () => number
  /** Each predicts once, since its first prediction is slow; so does from now on each that is started again, before it takes requests. */
  warmUp(feeds: Feeds): Promise<void>
  /** Those that are ready; throws WorkerLost if there are none. */
  readonly all: () => readonly Server[]
  /** Resolves when all threads have ended: one in native code ends with it. */
  close(): Promise<void>
}

interface StartedWorker extends Server {
  readonly thread: Worker
  hasEnded(): boolean
  /** Why its thread failed, for the log; empty if it did not. */
  failure(): { readonly error?: string }
  /** Since when it predicts, on the clock of `nowMs`; null: it does not. */
  busySinceMs(): number | null
  /** Rejects what it was asked. */
  giveUp(error: Error): void
  readonly opened: Extract<WorkerOpening, { ok: true }>
}

export interface WorkersOptions {
  readonly task: WorkerTask
  /** What runs in each thread. */
  readonly threadFile: URL
  readonly count: number
  readonly dispatcher: Dispatcher
  /** A prediction hangs when it takes longer than this, and than 100 times the p99. */
  readonly stuckAfterMs: number
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
}

/** Opens the model in this many threads. Throws InputError in the engine's words where it does not open. */
export async function startWorkers(options: WorkersOptions): Promise<Workers> {
  const { task, threadFile, count, dispatcher, stuckAfterMs, log } = options
  // onnxruntime sends usage data from Linux unless the process' own environment says otherwise: a thread's is a copy.
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const running = new Set<StartedWorker>()
  /** Those that were started again and predict for the first time: no requests yet. */
  const warming = new Set<StartedWorker>()
  /** Those that hang and have not ended, and whether another one was started instead. */
  const stuck = new Map<StartedWorker, { isReplaced: boolean }>()
  const times = createPredictionTimes()
  let isClosed = false
  let restarts = 0
  let warm: Feeds | null = null
  const keep = (worker: StartedWorker) => {
    running.add(worker)
    dispatcher.add(worker)
  }
  const startAgainAtEnd = (worker: StartedWorker) =>
    worker.thread.once('exit', (code) => {
      const hung = stuck.get(worker)
      stuck.delete(worker)
      dispatcher.remove(worker)
      // Whoever warms it up sees that it ended.
      const isAwaited = !running.delete(worker) && hung === undefined
      if (isClosed || isAwaited || hung?.isReplaced) return
      log({ level: 'warn', message: 'a worker ended and is started again', code, ...worker.failure() })
      void again()
    })
  const replace = (worker: StartedWorker, afterMs: number) => {
    const state = { isReplaced: false }
    stuck.set(worker, state)
    running.delete(worker)
    dispatcher.remove(worker)
    const what = warming.delete(worker) ? 'the first prediction' : 'a prediction'
    log({ level: 'error', message: `${what} hangs: its worker is ended`, afterMs: Math.round(afterMs), ready: running.size })
    worker.giveUp(new RequestError(504, `the prediction did not finish within ${Math.round(afterMs / 1000)} s`))
    void worker.thread.terminate()
    setTimeout(() => {
      if (isClosed || !stuck.has(worker)) return
      const replaced = [...stuck.values()].filter(({ isReplaced }) => isReplaced).length
      state.isReplaced = replaced < count
      const message = state.isReplaced ? 'another is started next to it' : 'it is lost; restart the server'
      log({ level: 'error', message: `a worker that hangs cannot be ended: ${message}`, ready: running.size })
      if (state.isReplaced) void again()
    }, NATIVE_MS).unref()
  }
  const limitMs = () => times.limitMs(stuckAfterMs)
  const watch = watchBusy(() => [...running, ...warming], { afterMs: stuckAfterMs, limitMs }, replace)
  const again = async () => {
    restarts++
    for (let waitMs = RESTART_MS; !isClosed; waitMs = Math.min(2 * waitMs, MOST_RESTART_MS)) {
      try {
        const worker = await startWorker(task, threadFile, times.add)
        startAgainAtEnd(worker)
        if (warm !== null) await predictOnce(worker, warm, warming)
        // It is started again when it has ended, or next to it.
        if (stuck.has(worker)) return
        if (worker.hasEnded()) throw new WorkerLost('it ended in its first prediction')
        if (isClosed) return void (await worker.thread.terminate())
        keep(worker)
        return log({ level: 'info', message: 'a worker is ready again' })
      } catch (error) {
        if (isClosed) return
        log({ level: 'error', message: 'a worker cannot be started again', error: firstLineOf(error), againInMs: waitMs })
        await new Promise((resolve) => setTimeout(resolve, waitMs).unref())
      }
    }
  }
  // One after the other: the binding is loaded once for the process, and not by two threads at a time.
  let opened: Extract<WorkerOpening, { ok: true }> | undefined
  for (let k = 0; k < count; k++) {
    const worker = await startWorker(task, threadFile, times.add)
    opened ??= worker.opened
    startAgainAtEnd(worker)
    keep(worker)
  }
  return {
    opened: opened!,
    ready: () => running.size,
    restarts: () => restarts,
    async warmUp(feeds) {
      warm = feeds
      await Promise.all([...running].map((worker) => predictOnce(worker, feeds)))
    },
    all() {
      if (running.size === 0) throw new WorkerLost()
      return [...running]
    },
    async close() {
      isClosed = true
      clearInterval(watch)
      await Promise.all([...running, ...warming, ...stuck.keys()].map(({ thread }) => thread.terminate()))
    },
  }
}

/** Calls `found` with each that predicts for longer than `limitMs`, which is asked for once one does for longer than `afterMs`. */
function watchBusy(
  watched: () => readonly StartedWorker[],
  { afterMs, limitMs }: { readonly afterMs: number; readonly limitMs: () => number },
  found: (worker: StartedWorker, busyMs: number) => void,
): NodeJS.Timeout {
  const look = () => {
    const now = nowMs()
    const busy = watched().map((worker) => ({ worker, busyMs: now - (worker.busySinceMs() ?? now) }))
    const longest = busy.filter(({ busyMs }) => busyMs > afterMs)
    if (longest.length === 0) return
    const limit = limitMs()
    for (const { worker, busyMs } of longest) if (busyMs > limit) found(worker, busyMs)
  }
  return setInterval(look, Math.min(WATCH_MS, Math.max(LEAST_WATCH_MS, afterMs / 4))).unref()
}

/** What a model does not take is no reason not to serve it. */
const predictOnce = async (worker: StartedWorker, feeds: Feeds, warming = new Set<StartedWorker>()): Promise<void> => {
  warming.add(worker)
  await worker.predict([feeds]).catch(() => {})
  warming.delete(worker)
}

async function startWorker(task: WorkerTask, threadFile: URL, took: (ms: number) => void): Promise<StartedWorker> {
  const thread = new Worker(threadFile, { workerData: task, execArgv: [] })
  // Listeners stay: a worker whose last one is taken off hears nothing any more.
  const opened = await new Promise<WorkerOpening>((resolve, reject) => {
    thread.once('message', resolve)
    thread.on('error', reject)
    thread.on('exit', (code) => reject(new Error(`a worker ended with code ${code} while it opened the model`)))
  })
  if (!opened.ok) {
    await thread.terminate()
    throw new InputError(`the engine does not open the model: ${opened.reason}`)
  }
  let isOver = false
  let failure = {}
  thread.on('error', (error) => {
    failure = { error: firstLineOf(error) }
  })
  thread.once('exit', () => {
    isOver = true
  })
  return { thread, opened, ...predictor(thread, took), hasEnded: () => isOver, failure: () => failure }
}

function predictor(thread: Worker, took: (ms: number) => void): Pick<StartedWorker, 'predict' | 'busySinceMs' | 'giveUp'> {
  const asked = new Map<number, { resolve: (predicted: DispatchResult) => void; reject: (error: Error) => void }>()
  let last = 0
  let sinceMs: number | null = null
  const giveUp = (error: Error) => {
    for (const { reject } of asked.values()) reject(error)
    asked.clear()
    sinceMs = null
  }
  thread.on('message', ({ id, results, error, startedMs, endedMs }: WorkerAnswer) => {
    const waiting = asked.get(id)
    asked.delete(id)
    sinceMs = asked.size === 0 ? null : nowMs()
    took(endedMs - startedMs)
    if (results !== null) waiting?.resolve({ results, startedMs, endedMs })
    else if (error === null) waiting?.reject(new NotApart())
    else waiting?.reject(badRequest(`${CANNOT_PREDICT}${error}`))
  })
  thread.on('exit', () => giveUp(new WorkerLost()))
  return {
    busySinceMs: () => sinceMs,
    giveUp,
    predict: (requests) =>
      new Promise((resolve, reject) => {
        const id = ++last
        asked.set(id, { resolve, reject })
        sinceMs ??= nowMs()
        // Copied, not transferred: if the worker ends, another is asked the same.
        thread.postMessage({ id, requests } satisfies WorkerRequest)
      }),
  }
}
