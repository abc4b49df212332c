// How long predictions hold the event loop: onnxruntime-node's run() is a synchronous native call inside setImmediate.
import { feedsOf, openSession } from './open.ts'
import type { ModelTask } from './tasks.ts'
import type { EventLoop } from './types.ts'

const PREDICTIONS_MS = 300
const MIN_PREDICTIONS = 5
const TIMER_MS = 1

export async function measureEventLoop(task: ModelTask): Promise<EventLoop> {
  const session = await openSession(task)
  const runs = feedsOf(task).map((feeds) => session.prepare(feeds))
  for (const run of runs) await run()
  let longestDelayMs = 0
  let due = performance.now() + TIMER_MS
  const timer = setInterval(() => {
    const now = performance.now()
    longestDelayMs = Math.max(longestDelayMs, now - due)
    due = now + TIMER_MS
  }, TIMER_MS)
  const before = performance.eventLoopUtilization()
  const start = performance.now()
  for (let k = 0; k < MIN_PREDICTIONS || performance.now() - start < PREDICTIONS_MS; k++) await runs[k % runs.length]!()
  const busyShare = performance.eventLoopUtilization(before).utilization
  longestDelayMs = Math.max(longestDelayMs, performance.now() - due)
  clearInterval(timer)
  return { busyShare, longestDelayMs }
}
