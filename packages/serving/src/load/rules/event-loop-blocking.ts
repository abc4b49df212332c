// The thread that speaks HTTP has no time left. Of this program's own server alone, since no other reports it.
import { ms, rate, share, tell } from '@whyslow/diagnosis/tell.ts'
import { defineRule } from '../rule.ts'

/** An event loop that is busy for this long answers late. */
const BUSY_SHARE = 0.7

export const eventLoopBlocking = defineRule({
  id: 'event-loop-blocking',
  area: 'software',
  title: 'The HTTP thread is the bottleneck',
  needs: ['asked', 'setup'],
  check({ asked }) {
    const point = asked.findLast(({ server }) => server !== null && server.eventLoopShare >= BUSY_SHARE)
    if (point?.server == null) return 'clear'
    const { eventLoopShare: busy, eventLoopLongestMs: longestMs } = point.server
    const { achievedPerSecond: answered } = point
    return {
      ...tell`While it answers ${rate('answered', answered)}, the server's event loop is busy ${share('event-loop-busy', busy)} of the time,
        ${ms('longest-turn', longestMs)} at a stretch at most: whatever the workers can do, one process answers no more than about
        ${rate('answered-at-most', answered / busy)}.`,
      timeMs: longestMs,
      wouldSaveMs: null,
      savingUnknown: 'no second process was tried',
      basis: 'measured',
    }
  },
})
