// One run of the generator: its threads started, watched, ended. What comes back are the raw times of every request.
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { CONTROL, type GeneratorResult, type GeneratorTask, STOP } from './generator-task.ts'
import { makeRecords, type Records, recordsIn } from './records.ts'
import type { Target } from './target.ts'
import type { Timeline } from './timeline.ts'

const threadFile = new URL('./generator-thread.js', compiledTwin(import.meta.url))
const clockFile = fileURLToPath(new URL('./clock-thread.js', compiledTwin(import.meta.url)))
const WATCH_MS = 400
/** All is sent and answered, or has timed out, by then, unless this machine is too slow for what was asked: the run is ended with what there is. */
const LATE_MS = 5000
/** Beyond what a run should take at most: threads that start, a machine that is busy. */
const SLACK_MS = 30_000

export type Load =
  | { readonly kind: 'open'; readonly timeline: Timeline; readonly lengthMs: number }
  /** Clients that each send when they have their answer, with no pause. `capacity`: the most requests that are sent. */
  | { readonly kind: 'closed'; readonly clients: number; readonly lengthMs: number; readonly capacity: number }

export interface GeneratorOptions {
  readonly timeoutMs: number
  readonly mostOutstanding: number
  readonly seed: number
  readonly signal?: AbortSignal | undefined
  /**
   * Asked several times a second with the requests sent so far: 'sending' sends no more and waits for what is outstanding, 'all' ends the
   * run at once.
   */
  readonly stopWhen?: (records: Records, sent: number) => 'no' | 'sending' | 'all'
  readonly onProgress?: (share: number) => void
}

export interface Run extends GeneratorResult {
  readonly records: Records
  /** Ended before its time by `stopWhen`. */
  readonly stopped: boolean
}

/** Throws if the thread ends on its own, or the signal's reason if it is aborted. */
export async function runGenerator(target: Target, load: Load, options: GeneratorOptions): Promise<Run> {
  options.signal?.throwIfAborted()
  const count = load.kind === 'open' ? load.timeline.dueMs.length : load.capacity
  const memory = makeRecords(count)
  const records = recordsIn(memory)
  if (load.kind === 'open') records.dueMs.set(load.timeline.dueMs)
  const control = new SharedArrayBuffer(16)
  const { timeoutMs, mostOutstanding, seed } = options
  const closed = load.kind === 'open' ? null : { clients: load.clients, lengthMs: load.lengthMs }
  const task: GeneratorTask = { target, memory, count, closed, timeoutMs, mostOutstanding, seed, control, clockFile }
  const worker = new Worker(threadFile, { workerData: task, execArgv: [] })
  const words = new Int32Array(control)
  let stopped = false
  // V8 collects garbage in threads that have had little to do for eight seconds, as these have at low rates: requests wait meanwhile.
  setFlagsFromString('--no-memory-reducer')
  const startedMs = performance.now()
  const watch = setInterval(() => {
    const sent = Atomics.load(words, CONTROL.sent)
    options.onProgress?.(Math.min(1, (performance.now() - startedMs) / load.lengthMs))
    const isLate = performance.now() - startedMs > load.lengthMs + timeoutMs + LATE_MS
    const stop = isLate ? 'all' : (options.stopWhen?.(records, sent) ?? 'no')
    if (STOP[stop] <= Atomics.load(words, CONTROL.stop)) return
    stopped ||= sent < count
    Atomics.store(words, CONTROL.stop, STOP[stop])
    Atomics.notify(words, CONTROL.stop)
  }, WATCH_MS)
  try {
    const generated = await answerOf<GeneratorResult>(worker, load.lengthMs + timeoutMs + SLACK_MS, options.signal)
    return { ...generated, records, stopped }
  } finally {
    clearInterval(watch)
    setFlagsFromString('--memory-reducer')
    Atomics.store(words, CONTROL.stop, STOP.all)
    Atomics.notify(words, CONTROL.stop)
    await worker.terminate()
  }
}

/** The one message of a thread. */
export function answerOf<T>(worker: Worker, limitMs: number, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`a thread gave no answer within ${limitMs} ms`)), limitMs)
    const abort = () => settle(() => reject(signal!.reason))
    const settle = (end: () => void) => {
      clearTimeout(limit)
      signal?.removeEventListener('abort', abort)
      end()
    }
    signal?.addEventListener('abort', abort, { once: true })
    worker.once('message', (answer: T) => settle(() => resolve(answer)))
    worker.once('error', (error) => settle(() => reject(error)))
    worker.once('exit', (code) => settle(() => reject(new Error(`a thread ended with code ${code}`))))
  })
}
