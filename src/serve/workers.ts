// The worker threads: started, watched, started again where one ends.
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '../engines/compiled-twin.ts'
import { InputError } from '../graph/input-error.ts'
import { type Dispatcher, NotApart, type Predicted, type Server, WorkerLost } from './dispatcher.ts'
import { badRequest } from './protocol.ts'
import type { Answered, Asked, Opened, WorkerTask } from './worker-task.ts'

const threadFile = new URL('./predict-thread.js', compiledTwin(import.meta.url))
/** Before the engine's words. */
export const PREDICTS_NOT = 'the model does not predict with these inputs: '
/** Between two starts of a worker that ends at once. */
const RESTART_MS = 500

export interface Workers {
  readonly opened: Extract<Opened, { ok: true }>
  /** Workers that are ready. */
  readonly ready: () => number
  readonly restarts: () => number
  /** Those that are ready; throws WorkerLost where there are none. */
  readonly all: () => readonly Server[]
  close(): Promise<void>
}

interface StartedWorker extends Server {
  readonly thread: Worker
  readonly opened: Extract<Opened, { ok: true }>
}

/** Opens the model in so many threads. Throws InputError in the engine's words where it does not open. */
export async function startWorkers(task: WorkerTask, count: number, dispatcher: Dispatcher): Promise<Workers> {
  // onnxruntime sends usage data from Linux unless the process' own environment says otherwise: a thread's is a copy.
  process.env.ORT_DISABLE_TELEMETRY ??= '1'
  const running = new Set<StartedWorker>()
  let isClosed = false
  let restarts = 0
  const keep = (worker: StartedWorker) => {
    running.add(worker)
    dispatcher.add(worker)
    worker.thread.once('exit', () => {
      running.delete(worker)
      dispatcher.remove(worker)
      if (!isClosed) void again()
    })
  }
  const again = async () => {
    restarts++
    for (;;) {
      try {
        const worker = await startWorker(task)
        if (isClosed) await worker.thread.terminate()
        else keep(worker)
        return
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RESTART_MS).unref())
        if (isClosed) return
      }
    }
  }
  // One after the other: the binding is loaded once for the process, and not by two threads at a time.
  let opened: Extract<Opened, { ok: true }> | undefined
  for (let k = 0; k < count; k++) {
    const worker = await startWorker(task)
    opened ??= worker.opened
    keep(worker)
  }
  return {
    opened: opened!,
    ready: () => running.size,
    restarts: () => restarts,
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

async function startWorker(task: WorkerTask): Promise<StartedWorker> {
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
  return { thread, opened, predict: predictor(thread) }
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
