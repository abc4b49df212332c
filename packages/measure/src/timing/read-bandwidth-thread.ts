// One of several threads that read memory at the same time (read-bandwidth.ts): its own stretch, again and again, by the WebAssembly loop of
// roofs/wasm-stream.ts.
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'
import { ascending, percentileOf } from '../statistics/index.ts'
import { compileSum } from './roofs/wasm-stream.ts'

export interface ReadingThread {
  /** What this thread alone reads; a multiple of 128. */
  readonly bytes: number
  readonly ms: number
  /** How many threads are ready to read. */
  readonly ready: Int32Array
  readonly threads: number
}

/** Bytes of one timed pass, at least: a pass over less is too short for the clock. */
const PASS_BYTES = 4 * 2 ** 20
/** Passes that run before the code is optimized. */
const WARM_UP_PASSES = 3
/** The upper quartile: what a thread reads while nobody else has its CPU. */
const SHARE = 0.75
const READY_MS = 10_000

const { bytes, ms, ready, threads } = workerData as ReadingThread
const compiled = compileSum(bytes)
if (compiled === null) parentPort!.postMessage(null)
else {
  // Pages that nobody wrote to are one and the same page of zeros.
  compiled.memory.fill(1)
  const passes = Math.max(1, Math.round(PASS_BYTES / bytes))
  const pass = (): number => {
    const start = performance.now()
    for (let k = 0; k < passes; k++) compiled.sum(0, bytes)
    return performance.now() - start
  }
  for (let k = 0; k < WARM_UP_PASSES; k++) pass()
  Atomics.add(ready, 0, 1)
  Atomics.notify(ready, 0)
  const limit = performance.now() + READY_MS
  for (let seen = Atomics.load(ready, 0); seen < threads && performance.now() < limit; seen = Atomics.load(ready, 0))
    Atomics.wait(ready, 0, seen, 100)
  const rates: number[] = []
  const end = performance.now() + ms
  do {
    const took = pass()
    if (took > 0) rates.push((passes * bytes) / took)
  } while (performance.now() < end)
  parentPort!.postMessage(rates.length === 0 ? null : percentileOf(ascending(rates), SHARE) * 1000)
}
