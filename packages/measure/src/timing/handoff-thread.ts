// One of two threads that play ping-pong (handoff.ts). Side 0 times batches of round trips, side 1 answers: a loop of plain Atomics.load,
// without wait or notify.
import { performance } from 'node:perf_hooks'
import { parentPort, workerData } from 'node:worker_threads'

export interface PingPong {
  /** Whose turn it is, 1 = stop, threads that are ready. */
  readonly words: Int32Array
  readonly measureMs: number
  /** The part of `measureMs` whose batches are left out. */
  readonly warmUpMs: number
  readonly silenceMs: number
  readonly roundTrips: number
}

const TURN = 0
const STOP = 1
const READY = 2

const { words, measureMs, warmUpMs, silenceMs, roundTrips, side } = workerData as PingPong & { readonly side: 0 | 1 }
let silentSince = 0

function answered(turn: 0 | 1): boolean {
  for (let spins = 1; Atomics.load(words, TURN) !== turn; spins++) {
    if (Atomics.load(words, STOP) !== 0) return false
    if (spins % 4096 === 0) {
      const now = performance.now()
      if (silentSince === 0) silentSince = now
      else if (now - silentSince > silenceMs) return false
    }
  }
  silentSince = 0
  return true
}

function serve(): void {
  while (answered(1)) Atomics.store(words, TURN, 0)
}

/** How long a batch took, ms; null without an answer. */
function batch(): number | null {
  const start = performance.now()
  for (let trip = 0; trip < roundTrips; trip++) {
    Atomics.store(words, TURN, 1)
    if (!answered(0)) return null
  }
  return performance.now() - start
}

function measure(): number[] {
  const counted = performance.now() + warmUpMs
  const end = performance.now() + measureMs
  const batches: number[] = []
  while (performance.now() < end) {
    const begun = performance.now()
    const ms = batch()
    if (ms === null) return []
    if (begun >= counted) batches.push(ms)
  }
  return batches
}

function bothAreReady(): boolean {
  Atomics.add(words, READY, 1)
  const limit = performance.now() + silenceMs * 10
  while (Atomics.load(words, READY) < 2) if (performance.now() >= limit) return false
  return true
}

const together = bothAreReady()
if (side === 1) {
  if (together) serve()
} else {
  const batches = together ? measure() : []
  Atomics.store(words, STOP, 1)
  parentPort!.postMessage(batches)
}
