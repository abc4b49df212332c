// How long one thread waits until another one has seen its write: a ping-pong over shared memory, without system calls.
// On shared virtual machines this time jumps two- to fourfold with the placement of the virtual CPUs, and the latency of
// models on several threads goes with it while every counter of the system stays at rest.
// Also the clock rate in relative terms, from a chain of dependent additions (about one a cycle on current CPUs).
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { compiledTwin } from '@whyslow/graph/compiled-twin.ts'
import { readUsableCpus } from '../machine/index.ts'
import { median } from '../statistics/index.ts'
import type { PingPong } from './handoff-thread.ts'

/** A thread that gets no answer for this long gives up: the other has no CPU of its own. */
const silenceMs = 100
/** Longest wait for both threads to start and report, in addition to the measuring time. */
const startMs = 3000
/** Round trips in one timed batch, about 20 to 100 µs. */
const roundTripsPerBatch = 100
/** The first part of the time goes to just-in-time compilation and to clocks that rise. */
const warmUpShare = 0.3

const threadFile = new URL('./handoff-thread.js', compiledTwin(import.meta.url))

export interface HandoffOptions {
  /** Absent: as many as this process may use. */
  readonly usableCpus?: number
  /** After this long without an answer a thread gives up; absent: 100 ms. */
  readonly patienceMs?: number
  /** Round trips in one timed batch; absent: 100. */
  readonly roundTrips?: number
}

/**
 * Time of one handoff between two threads, ns: the median over batches of round trips, half a round trip each.
 * null: one usable CPU only, the threads could not be started, or one of them did not answer.
 * @param ms How long the two threads play.
 */
export async function measureHandoff(
  ms = 15,
  { usableCpus = readUsableCpus(), patienceMs = silenceMs, roundTrips = roundTripsPerBatch }: HandoffOptions = {},
): Promise<number | null> {
  if (usableCpus < 2) return null
  const words = new Int32Array(new SharedArrayBuffer(12))
  const shared: PingPong = {
    words,
    measureMs: ms,
    warmUpMs: ms * warmUpShare,
    silenceMs: patienceMs,
    roundTrips,
  }
  const workers = [1, 0].map((side) => startWorker({ ...shared, side }))
  try {
    const batches = await batchesOf(workers, ms + startMs + patienceMs)
    return batches.length === 0 ? null : (median(batches) / (2 * roundTrips)) * 1e6
  } finally {
    Atomics.store(words, 1, 1)
    await Promise.all(workers.map((worker) => worker?.terminate()))
  }
}

function startWorker(workerData: object): Worker | null {
  try {
    // Without the flags of this process: a loader or an inspector would start in the worker too.
    return new Worker(threadFile, { workerData, execArgv: [] })
  } catch {
    return null
  }
}

/** The timed batches in ms; empty if a worker fails or the limit passes. */
function batchesOf(workers: readonly (Worker | null)[], limitMs: number): Promise<readonly number[]> {
  return new Promise((resolve) => {
    if (workers.includes(null)) resolve([])
    const limit = setTimeout(() => resolve([]), limitMs)
    for (const worker of workers) {
      worker?.on('error', () => resolve([]))
      worker?.on('message', (batches: number[]) => {
        clearTimeout(limit)
        resolve(batches)
      })
    }
  })
}

/** Additions in one timed slice: about 0.15 ms at 4 GHz, short enough to fall between two interruptions. */
const additionsPerSlice = 600_000
const slices = 12

/**
 * Dependent additions per nanosecond: about the clock rate in GHz on CPUs that add once a cycle, so ratios of two readings
 * are ratios of clock rates. The fastest of several slices, about 3 ms in all.
 */
export function effectiveClock(): number {
  let best = 0
  for (let slice = 0; slice < slices; slice++) {
    const start = performance.now()
    sink = addInChain(additionsPerSlice, sink)
    const ns = (performance.now() - start) * 1e6
    if (ns > 0) best = Math.max(best, additionsPerSlice / ns)
  }
  return best
}

/** Kept, so that the additions are needed. */
let sink = 1

/** A Fibonacci chain: every addition needs the one before it, and no constant that a CPU could fold while it renames. */
function addInChain(additions: number, seed: number): number {
  let a = seed | 0
  let b = 1
  for (let done = 0; done < additions; done += 8) {
    a = (a + b) | 0
    b = (b + a) | 0
    a = (a + b) | 0
    b = (b + a) | 0
    a = (a + b) | 0
    b = (b + a) | 0
    a = (a + b) | 0
    b = (b + a) | 0
  }
  return a ^ b
}
