// The thread that keeps time: it sleeps until the next request is due and wakes the sender just before. An event loop's own timers
// are whole milliseconds, and late.
import { type MessagePort, workerData } from 'node:worker_threads'
import { nowMs } from '@whyslow/measure/machine/now.ts'

export interface ClockTask {
  /** Memory of the records: due times come first in it. */
  readonly memory: SharedArrayBuffer
  readonly count: number
  /** Start on the clock of `nowMs`. */
  readonly startMs: number
  /** [stop, a wake-up is under way] */
  readonly control: Int32Array
  readonly port: MessagePort
}

/** A sleeping thread wakes some 60 µs late, and the sender's event loop takes its time, too. */
const LEAD_MS = 0.15
/** Sleeps are cut, so that a stop is noticed. */
const LONGEST_SLEEP_MS = 50

function keepTime({ memory, count, startMs, control, port }: ClockTask): void {
  const dueMs = new Float64Array(memory, 0, count)
  for (let next = 0; next < count; ) {
    const wait = startMs + dueMs[next]! - LEAD_MS - nowMs()
    if (Atomics.load(control, 0) !== 0) break
    if (wait > 0) {
      Atomics.wait(control as Int32Array<SharedArrayBuffer>, 0, 0, Math.min(wait, LONGEST_SLEEP_MS))
      continue
    }
    const now = nowMs()
    while (next < count && startMs + dueMs[next]! - LEAD_MS <= now) next++
    if (Atomics.exchange(control, 1, 1) === 0) port.postMessage(null)
  }
  port.close()
}

keepTime(workerData as ClockTask)
