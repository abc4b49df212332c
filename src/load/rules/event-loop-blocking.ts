// The thread that speaks HTTP has no time left. Of this program's own server alone, since no other tells.
import { perSecond } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'

/** An event loop that is busy for so long answers late. */
const BUSY_SHARE = 0.7

export const eventLoopBlocking = defineLoadRule({
  id: 'event-loop-blocking',
  check({ asked }) {
    const point = asked.findLast(({ server }) => server !== null && server.eventLoopShare >= BUSY_SHARE)
    if (point?.server == null) return null
    const { eventLoopShare: share, eventLoopLongestMs: longest } = point.server
    const rate = point.achievedPerSecond
    return {
      title: 'The thread that speaks HTTP is the bottleneck',
      detail:
        `At ${perSecond(rate)} answers/s the server's event loop is busy ${Math.round(100 * share)} % of the time, ${longest.toFixed(1)} ms at a` +
        ` stretch at most: whatever the workers can, one process answers no more than about ${perSecond(rate / share)} requests/s.`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        { name: 'event loop busy', value: share, unit: 'share of the time' },
        { name: 'longest turn', value: longest, unit: 'ms' },
      ],
    }
  },
})
