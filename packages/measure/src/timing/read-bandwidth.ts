// Bytes a second that threads only read, all at once, from memory of a given size: what an engine that reads its weights once for each token
// cannot be faster than. A copy or a datasheet says another number. Memory of that very size is in the nearest level that holds it.
import { freemem } from 'node:os'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { readUsableCpus } from '../machine/index.ts'
import { percentileOf, sortAscending } from '../statistics/index.ts'
import { defineTask } from '../trials/port.ts'
import type { ReadingThread, ThreadPasses } from './read-bandwidth-thread.ts'

export interface ReadBandwidthInput {
  /** What all threads together read. */
  readonly bytes: number
  /** Threads of the engine. No more of them read than there are CPUs: threads that take turns on one CPU read no faster. */
  readonly threads: number
  /** How long all of them read together. */
  readonly ms: number
}

const threadFile = new URL('./read-bandwidth-thread.js', compiledTwin(import.meta.url))
/** Reading more shows nothing new: no cache holds it. */
const MOST_BYTES = 2 ** 30
const FREE_MEMORY_SHARE = 0.25
const TURN_BYTES = 128
const START_MS = 15_000
/** Windows that the common time is divided into, and the upper quartile of them: what is read while nobody else has the CPUs. */
const WINDOWS = 8
const SHARE = 0.75

/** null: WebAssembly SIMD is not available, or a thread failed. */
export async function measureReadBandwidth(
  { bytes, threads: wanted, ms }: ReadBandwidthInput,
  usableCpus: number = readUsableCpus(),
): Promise<number | null> {
  const threads = Math.max(1, Math.min(wanted, Math.floor(usableCpus)))
  const all = Math.min(bytes, MOST_BYTES, freemem() * FREE_MEMORY_SHARE)
  const each = Math.max(1, Math.ceil(all / threads / TURN_BYTES)) * TURN_BYTES
  const ready = new Int32Array(new SharedArrayBuffer(8))
  const given: ReadingThread = { bytes: each, ms, ready, threads }
  // Without the flags of this process: a loader or an inspector would start in the worker too.
  const workers = Array.from({ length: threads }, () => new Worker(threadFile, { workerData: given, execArgv: [] }))
  const limit = AbortSignal.timeout(START_MS + ms)
  const late = new Promise<null>((resolve) => limit.addEventListener('abort', () => resolve(null), { once: true }))
  try {
    const read = await Promise.race([Promise.all(workers.map(passesOf)), late])
    return read === null ? null : rateTogether(read)
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

function passesOf(worker: Worker): Promise<ThreadPasses | null> {
  return new Promise((resolve) => {
    worker.on('message', (read: ThreadPasses | null) => resolve(read))
    worker.on('error', () => resolve(null))
    worker.on('exit', () => resolve(null))
  })
}

/** Bytes a second of all threads together, in the time in which all of them read; null: one failed, or there is no such time. */
export function rateTogether(threads: readonly (ThreadPasses | null)[]): number | null {
  const read = threads.filter((one) => one !== null)
  if (read.length < threads.length || read.length === 0) return null
  const from = Math.max(...read.map(({ startMs }) => startMs))
  const windowMs = (Math.min(...read.map(({ endsMs }) => endsMs.at(-1)!)) - from) / WINDOWS
  if (!(windowMs > 0)) return null
  const sums = new Array<number>(WINDOWS).fill(0)
  for (const { bytesPerPass, startMs, endsMs } of read) {
    for (const [k, end] of endsMs.entries()) {
      const start = k === 0 ? startMs : endsMs[k - 1]!
      if (end <= start) continue
      const last = Math.min(WINDOWS - 1, Math.floor((end - from) / windowMs))
      for (let at = Math.max(0, Math.floor((start - from) / windowMs)); at <= last; at++) {
        const withinMs = Math.min(end, from + (at + 1) * windowMs) - Math.max(start, from + at * windowMs)
        sums[at]! += (bytesPerPass * Math.max(0, withinMs)) / (end - start)
      }
    }
  }
  return (percentileOf(sortAscending(sums), SHARE) / windowMs) * 1000
}

/** The nearest level of memory that holds so much, of as many cores as there are threads. */
export function levelThatHolds(bytes: number, threads: number, caches: Readonly<Record<string, number | null>>): string {
  if (bytes <= (caches.L2 ?? 0) * threads) return 'L2'
  return bytes <= (caches.L3 ?? 0) ? 'L3' : 'DRAM'
}

export const readBandwidthTask = defineTask('read-bandwidth', import.meta.url, measureReadBandwidth)
