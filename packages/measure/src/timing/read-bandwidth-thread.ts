// One of several threads that read memory at the same time (read-bandwidth.ts): its own stretch, again and again, by the WebAssembly loop of
// roofs/wasm-stream.ts.
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { compileSum } from './roofs/wasm-stream.ts'

export interface ReadingThread {
  /** What this thread alone reads; a multiple of 128. */
  readonly bytes: number
  /** How long it reads from when it sees that all do. */
  readonly ms: number
  /** How many threads are ready to read, and how many have begun. */
  readonly ready: Int32Array
  readonly threads: number
}

/** What a thread read: each pass the same bytes. Times are milliseconds since 1970, which threads share. */
export interface ThreadPasses {
  readonly bytesPerPass: number
  readonly startMs: number
  /** When each pass ended; the next one began then. */
  readonly endsMs: readonly number[]
}

/** Bytes of one timed pass, at least: a pass over less is too short for the clock. */
const PASS_BYTES = 4 * 2 ** 20
/** Passes that run before the code is optimized. */
const WARM_UP_PASSES = 3
const READY_MS = 10_000

const { bytes, ms, ready, threads } = workerData as ReadingThread
const compiled = compileSum(bytes)
if (compiled === null) parentPort!.postMessage(null)
else {
  // Pages that nobody wrote to are one and the same page of zeros.
  compiled.memory.fill(1)
  const passes = Math.max(1, Math.round(PASS_BYTES / bytes))
  // The clocks of threads begin when the threads do; the time of day is theirs in common.
  const now = (): number => performance.timeOrigin + performance.now()
  const pass = (): void => {
    for (let k = 0; k < passes; k++) compiled.sum(0, bytes)
  }
  for (let k = 0; k < WARM_UP_PASSES; k++) pass()
  Atomics.add(ready, 0, 1)
  Atomics.notify(ready, 0)
  const limit = performance.now() + READY_MS
  for (let seen = Atomics.load(ready, 0); seen < threads && performance.now() < limit; seen = Atomics.load(ready, 0))
    Atomics.wait(ready, 0, seen, 100)
  Atomics.add(ready, 1, 1)
  const startMs = now()
  const endsMs: number[] = []
  // On a busy machine another thread may begin long after this one.
  let endMs = startMs + READY_MS
  let isTogether = false
  do {
    pass()
    const at = now()
    endsMs.push(at)
    if (isTogether || Atomics.load(ready, 1) < threads) continue
    isTogether = true
    endMs = at + ms
  } while (endsMs.at(-1)! < endMs)
  const read: ThreadPasses = { bytesPerPass: passes * bytes, startMs, endsMs }
  parentPort!.postMessage(read)
}
