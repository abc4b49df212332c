// onnxruntime-node's run() returns a promise but computes on the main thread: while it predicts, the process answers nothing else.
// https://github.com/microsoft/onnxruntime/issues/19611. It makes no prediction slower, so it is a note.
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** Held half of the time or more, the loop is where the prediction runs. */
const BUSY_SHARE = 0.5
/** 50 ms is what a page or a health check may wait and still feel immediate (RAIL: https://web.dev/articles/rail). */
const HELD_MS = 50

export const eventLoopBlocking = defineRule({
  id: 'event-loop-blocking',
  area: 'software',
  title: 'Each prediction blocks the event loop',
  needs: ['latency', 'engine'],
  wants: ['eventLoop'],
  check({ latency, engine, eventLoop }) {
    const heldMs = Math.max(latency.p50Ms, eventLoop?.longestDelayMs ?? 0)
    if (eventLoop === undefined) {
      if (!engine.offers.includes('synchronous'))
        return { notChecked: `whether ${engine.id} holds the event loop was not measured` }
    } else if (eventLoop.busyShare < BUSY_SHARE) {
      return 'clear'
    }
    if (heldMs < HELD_MS) return 'clear'
    const held =
      eventLoop === undefined
        ? tell`The engine computes on the main thread, ${ms('p50', latency.p50Ms)} at a time`
        : tell`The main thread was busy ${share('busy', eventLoop.busyShare)} of the time, and a timer came up to
            ${ms('longest-delay', eventLoop.longestDelayMs)} late`
    return {
      ...tell`${held}: requests, health checks and timers of the same process wait. Predictions started together run one after the
        other.`,
      timeMs: latency.p50Ms,
      wouldSaveMs: 0,
      basis: eventLoop === undefined ? 'modelled' : 'measured',
    }
  },
})
