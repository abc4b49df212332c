// The slowest answers wait for a worker longer than they are worked on.
import type { LoadPoint, LoadStatistics } from '../../report/documents/load.ts'
import { partOf, perSecond, utilisationOf } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'

/** Of the slowest hundredth's latency. */
const LEAST_SHARE = 0.5
/** Below it a queue is nothing that anybody feels. */
const LEAST_MS = 1
/** Workers that are busy for more than this have little left. */
const BUSY = 0.7
/** Of workers that are busy for less, it is not their number that makes requests wait. */
const IDLE = 0.5

export const queueingDominates = defineLoadRule({
  id: 'queueing-dominates',
  check({ asked, setup }) {
    const point = asked.findLast(({ saturated, parts }) => !saturated && parts !== null)
    const queue = point === undefined ? null : partOf(point, 'queue')
    const compute = point === undefined ? null : partOf(point, 'compute')
    if (point?.statistics !== undefined && queue === null) return onAverage(point, point.statistics)
    if (point?.parts == null || queue === null || compute === null) return null
    const { latencyMs } = point.parts.slowest
    if (queue.slowestMs < LEAST_SHARE * latencyMs || queue.slowestMs < LEAST_MS) return null
    const busy = utilisationOf(point, setup)
    return {
      title: 'The slowest answers wait for a worker longer than they are worked on',
      detail:
        `${asking(point.offeredPerSecond, point.clients)} the slowest hundredth takes ${latencyMs.toFixed(1)} ms: ${queue.slowestMs.toFixed(1)} ms in` +
        ` the queue, ${compute.slowestMs.toFixed(1)} ms computing.${why(busy)}`,
      wouldSaveMs: queue.slowestMs,
      basis: 'measured',
      facts: [
        { name: 'queue of the slowest hundredth', value: queue.slowestMs, unit: 'ms' },
        { name: 'latency of the slowest hundredth', value: latencyMs, unit: 'ms' },
        ...(busy === null ? [] : [{ name: 'workers busy', value: busy, unit: 'share of the time' }]),
      ],
    }
  },
})

/** By what the server counted itself: means, which say nothing of the slowest. */
function onAverage({ meanMs, offeredPerSecond, clients }: LoadPoint, { queueMs, inferMs }: LoadStatistics) {
  if (meanMs === null || queueMs < LEAST_SHARE * meanMs || queueMs < LEAST_MS) return null
  return {
    title: 'Answers wait in the server for longer than they are worked on',
    detail:
      `${asking(offeredPerSecond, clients)} an answer takes ${meanMs.toFixed(1)} ms on average; by the server's own statistics a request waits ${queueMs.toFixed(1)} ms` +
      ` in its queue and takes ${inferMs.toFixed(1)} ms in the model. Where it waits for others to join (max_queue_delay_microseconds), a shorter` +
      ' delay helps; else more instances, or a cheaper prediction.',
    wouldSaveMs: null,
    basis: 'measured' as const,
    facts: [
      { name: 'mean in the queue', value: queueMs, unit: 'ms' },
      { name: 'mean latency', value: meanMs, unit: 'ms' },
    ],
  }
}

const asking = (rate: number | null, clients: number | null): string =>
  rate === null ? `With ${clients} clients` : `At ${perSecond(rate)} requests/s`

function why(busy: number | null): string {
  if (busy === null) return ''
  const share = `Workers are busy ${Math.round(100 * busy)} % of the time`
  if (busy > BUSY) return ` ${share}: more of them, or a cheaper prediction, is what helps.`
  if (busy < IDLE) return ` ${share}: requests that arrive together, or predictions that take long, make others wait.`
  return ` ${share}.`
}
