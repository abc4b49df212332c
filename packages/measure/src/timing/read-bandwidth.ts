// Bytes a second that threads only read, all at once, from memory of a given size: what an engine that reads its weights once for each token
// cannot be faster than. A copy or a datasheet says another number. Memory of that very size is in the nearest level that holds it.
import { freemem } from 'node:os'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { defineTask } from '../trials/port.ts'
import type { ReadingThread } from './read-bandwidth-thread.ts'

export interface ReadBandwidthInput {
  /** What all threads together read. */
  readonly bytes: number
  readonly threads: number
  /** How long they read. */
  readonly ms: number
}

const threadFile = new URL('./read-bandwidth-thread.js', compiledTwin(import.meta.url))
/** Reading more shows nothing new: no cache holds it. */
const MOST_BYTES = 2 ** 30
const FREE_MEMORY_SHARE = 0.25
const TURN_BYTES = 128
const START_MS = 15_000

/** null: WebAssembly SIMD is not available, or a thread failed. */
export async function measureReadBandwidth({ bytes, threads, ms }: ReadBandwidthInput): Promise<number | null> {
  const all = Math.min(bytes, MOST_BYTES, freemem() * FREE_MEMORY_SHARE)
  const each = Math.max(1, Math.ceil(all / threads / TURN_BYTES)) * TURN_BYTES
  const ready = new Int32Array(new SharedArrayBuffer(4))
  const given: ReadingThread = { bytes: each, ms, ready, threads }
  // Without the flags of this process: a loader or an inspector would start in the worker too.
  const workers = Array.from({ length: threads }, () => new Worker(threadFile, { workerData: given, execArgv: [] }))
  const limit = AbortSignal.timeout(START_MS + ms)
  try {
    const rates = await Promise.all(workers.map((worker) => rateOf(worker, limit)))
    return rates.includes(null) ? null : rates.reduce<number>((sum, rate) => sum + rate!, 0)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function rateOf(worker: Worker, limit: AbortSignal): Promise<number | null> {
  return new Promise((resolve) => {
    worker.on('message', (rate: number | null) => resolve(rate))
    worker.on('error', () => resolve(null))
    worker.on('exit', () => resolve(null))
    limit.addEventListener('abort', () => resolve(null))
  })
}

/** The nearest level of memory that holds so much, of as many cores as there are threads. */
export function levelThatHolds(bytes: number, threads: number, caches: Readonly<Record<string, number | null>>): string {
  if (bytes <= (caches.L2 ?? 0) * threads) return 'L2'
  return bytes <= (caches.L3 ?? 0) ? 'L3' : 'DRAM'
}

export const readBandwidthTask = defineTask('read-bandwidth', import.meta.url, measureReadBandwidth)
