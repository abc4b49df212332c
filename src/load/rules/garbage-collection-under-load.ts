// The server's main thread stops to collect garbage, and the slowest answers feel it.
import { perSecond } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'

/** Of the latency of the slowest hundredth. */
const LEAST_SHARE = 0.25
/** Of the run: a pause that comes once in a minute reaches no p99. */
const LEAST_TIME_SHARE = 0.005

export const garbageCollectionUnderLoad = defineLoadRule({
  id: 'garbage-collection-under-load',
  check({ asked }) {
    const point = asked.findLast(({ saturated, parts, server }) => !saturated && parts !== null && server !== null)
    if (point?.parts == null || point.server === null) return null
    const { collectionLongestMs: longest, collectionShare: share } = point.server
    const { latencyMs } = point.parts.slowest
    if (longest < LEAST_SHARE * latencyMs || share < LEAST_TIME_SHARE) return null
    const asking = point.offeredPerSecond === null ? '' : `At ${perSecond(point.offeredPerSecond)} requests/s t`
    return {
      title: 'The server stops to collect garbage',
      detail:
        `${asking || 'T'}he main thread collects for ${(100 * share).toFixed(1)} % of the time, ${longest.toFixed(1)} ms at a stretch at most, where` +
        ` the slowest hundredth takes ${latencyMs.toFixed(1)} ms.`,
      wouldSaveMs: null,
      basis: 'measured',
      facts: [
        { name: 'longest pause', value: longest, unit: 'ms' },
        { name: 'collecting', value: share, unit: 'share of the time' },
      ],
    }
  },
})
