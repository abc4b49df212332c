// The worker threads: started, watched, started again where one ends.
import { Worker } from 'node:worker_threads'
import type { Feeds } from '../engines/types.ts'
import { firstLineOf, InputError } from '../graph/input-error.ts'
import { type Dispatcher, NotApart, type Predicted, type Server, WorkerLost } from './dispatcher.ts'
import { badRequest } from './protocol.ts'
import type { Answered, Asked, Opened, WorkerTask } from './worker-task.ts'

/** Before the engine's words. */
export const PREDICTS_NOT = 'the model does not predict with these inputs: '
/** Between two starts of a worker that ends at once; twice as long each time. */
const RESTART_MS = 500
const MOST_RESTART_MS = 10_000

export interface Workers {
  readonly opened: Extract<Opened, { ok: true }>
  /** Workers that are ready. */
  readonly ready: () => number
  readonly restarts: () => number
  /** Each predicts once, since its first prediction is slow; so does from now on each that is started again, before it takes requests. */
  warmUp(feeds: Feeds): Promise<void>
  /** Those that are ready; throws WorkerLost where there are none. */
  readonly all: () => readonly Server[]
  close(): Promise<void>
}

interface StartedWorker extends Server {
  readonly thread: Worker
  hasEnded(): boolean
  readonly opened: Extract<Opened, { ok: true }>
}

export interface WorkersOptions {
  readonly task: WorkerTask
  /** What runs in each thread. */
  readonly threadFile: URL
  readonly count: number
  readonly dispatcher: Dispatcher
  readonly log: (entry: Readonly<Record<string, unknown>>) => void
}

/** Opens the model in so many threads. Throws InputError in the engine's words where it does not open. */
export async function startWorkers({ task, threadFile, count, dispatcher, log }: WorkersOptions): Promise<Workers> {
  // onnxruntime sends usage data from Linux unless the process' own environment says otherwise: a thread's is a copy.
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const running = new Set<StartedWorker>()
  let isClosed = false
  let restarts = 0
  let warm: Feeds | null = null
  const keep = (worker: StartedWorker) => {
    running.add(worker)
    dispatcher.add(worker)
    worker.thread.once('exit', (code) => {
      running.delete(worker)
      dispatcher.remove(worker)
      if (isClosed) return
      log({ level: 'warn', message: 'a worker ended and is started again', code })
      void again()
    })
  }
  const again = async () => {
    restarts++
    for (let waitMs = RESTART_MS; ; waitMs = Math.min(2 * waitMs, MOST_RESTART_MS)) {
      try {
        const worker = await startWorker(task, threadFile)
        if (warm !== null) await predictOnce(worker, warm)
        if (worker.hasEnded()) throw new WorkerLost('it ended in its first prediction')
        if (isClosed) await worker.thread.terminate()
        else {
          keep(worker)
          log({ level: 'info', message: 'a worker is ready again' })
        }
        return
      } catch (error) {
        if (isClosed) return
        log({ level: 'error', message: 'a worker cannot be started again', error: firstLineOf(error), againInMs: waitMs })
        await new Promise((resolve) => setTimeout(resolve, waitMs).unref())
        if (isClosed) return
      }
    }
  }
  // One after the other: the binding is loaded once for the process, and not by two threads at a time.
  let opened: Extract<Opened, { ok: true }> | undefined
  for (let k = 0; k < count; k++) {
    const worker = await startWorker(task, threadFile)
    opened ??= worker.opened
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
      await Promise.all([...running].map(({ thread }) => thread.terminate()))
    },
  }
}

/** What a model does not take is no reason not to serve it. */
const predictOnce = (worker: Server, feeds: Feeds): Promise<unknown> => worker.predict([feeds]).catch(() => {})

async function startWorker(task: WorkerTask, threadFile: URL): Promise<StartedWorker> {
  const thread = new Worker(threadFile, { workerData: task, execArgv: [] })
  // Listeners stay: a worker whose last one is taken off hears nothing any more.
  const opened = await new Promise<Opened>((resolve, reject) => {
    thread.once('message', resolve)
    thread.on('error', reject)
    thread.on('exit', (code) => reject(new Error(`a worker ended with code ${code} while it opened the model`)))
  })
  if (!opened.ok) {
    await thread.terminate()
    throw new InputError(`the engine does not open the model: ${opened.reason}`)
  }
  let isOver = false
  thread.once('exit', () => {
    isOver = true
  })
  return { thread, opened, predict: predictor(thread), hasEnded: () => isOver }
}

function predictor(thread: Worker): Server['predict'] {
  const asked = new Map<number, { resolve: (predicted: Predicted) => void; reject: (error: Error) => void }>()
  let last = 0
  thread.on('message', ({ id, results, error, startedMs, endedMs }: Answered) => {
    const waiting = asked.get(id)
    asked.delete(id)
    if (results !== null) waiting?.resolve({ results, startedMs, endedMs })
    else if (error === null) waiting?.reject(new NotApart())
    else waiting?.reject(badRequest(`${PREDICTS_NOT}${error}`))
  })
  thread.on('exit', () => {
    for (const { reject } of asked.values()) reject(new WorkerLost())
    asked.clear()
  })
  return (requests) =>
    new Promise((resolve, reject) => {
      const id = ++last
      asked.set(id, { resolve, reject })
      // Copied, not handed over: where the worker ends, another is asked the same.
      thread.postMessage({ id, requests } satisfies Asked)
    })
}
