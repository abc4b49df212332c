// The engine computes in the thread that called it, so that timers, requests and streams wait for a whole token or a whole prompt.
// https://github.com/microsoft/onnxruntime/pull/28646
import { ms, share, tell } from '@whyslow/diagnosis/tell.ts'
import { costs, defineRule } from '../rule.ts'

/** Node's own guidance for servers is tens of milliseconds; below, no request notices. */
const NOTICED_MS = 50
/** The loop has time for others. */
const BUSY = 0.7

export const eventLoopBlocking = defineRule({
  id: 'event-loop-blocking',
  area: 'software',
  title: 'Event loop blocking: nothing else runs while a token is computed',
  needs: ['eventLoop', 'speed', 'setup'],
  check({ eventLoop: { utilization, longestDelayMs }, ...given }) {
    if (longestDelayMs < NOTICED_MS || utilization < BUSY) return 'clear'
    return {
      ...tell`The event loop is busy ${share('busy', utilization)} of the time, and a timer waits up to ${ms('delay', longestDelayMs)}. In a worker thread
        generation leaves it free; a call alone is no faster.`,
      ...costs(given, {}, { basis: 'measured' }),
    }
  },
})
