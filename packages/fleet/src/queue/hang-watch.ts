// Ends this process if its own code computes so long without a pause that it counts as hanging: no timer of its thread can, so that another
// thread looks. Predictions are made in processes of their own, which have limits of their own.
import { Worker } from 'node:worker_threads'

export interface HangTimes {
  /** Most time without a pause. */
  readonly mostMs: number
  readonly lookMs: number
}

/** Reading the largest models and explaining what was measured takes minutes. */
const HANG_TIMES: HangTimes = { mostMs: 10 * 60_000, lookMs: 10_000 }

const THREAD = `
const { workerData: { beats, mostMs, lookMs } } = require('node:worker_threads')
let last = -1
let sinceMs = performance.now()
setInterval(() => {
  const now = Atomics.load(beats, 0)
  if (now !== last) sinceMs = performance.now()
  else if (performance.now() - sinceMs > mostMs) {
    require('node:fs').writeSync(2, 'it computed for ' + Math.round(mostMs / 1000) + ' s without a pause\\n')
    process.kill(process.pid, 'SIGKILL')
  }
  last = now
}, lookMs)`

/** Until the process ends; keeps it from ending no longer than its other work. */
export function endHungProcess({ mostMs, lookMs }: HangTimes = HANG_TIMES): void {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  setInterval(() => Atomics.add(beats, 0, 1), lookMs / 2).unref()
  new Worker(THREAD, { eval: true, execArgv: [], workerData: { beats, mostMs, lookMs } }).unref()
}
