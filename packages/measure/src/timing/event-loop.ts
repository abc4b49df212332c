// How long predictions hold the event loop: onnxruntime-node's run() is a synchronous native call inside setImmediate.
import type { PreparedRun } from '../engines/types.ts'
import type { EventLoop } from './types.ts'

/** No further prediction is begun after this long. */
export const EVENT_LOOP_MS = 150
const TIMER_MS = 1

/** `runs` are warm. */
export async function watchEventLoop(runs: readonly PreparedRun[]): Promise<EventLoop> {
  let longestDelayMs = 0
  let due = performance.now() + TIMER_MS
  const timer = setInterval(() => {
    const now = performance.now()
    longestDelayMs = Math.max(longestDelayMs, now - due)
    due = now + TIMER_MS
  }, TIMER_MS)
  const before = performance.eventLoopUtilization()
  const start = performance.now()
  for (let k = 0; performance.now() - start < EVENT_LOOP_MS; k++) await runs[k % runs.length]!()
  const busyShare = performance.eventLoopUtilization(before).utilization
  longestDelayMs = Math.max(longestDelayMs, performance.now() - due)
  clearInterval(timer)
  return { busyShare, longestDelayMs }
}
