// Some predictions take much longer than others, and those behind them wait.
import { partOf, perSecond, utilisationOf } from '../facts.ts'
import { defineLoadRule } from '../rule.ts'

/** Squared coefficient of variation of exponential times; predictions of inputs of one shape have nearly none. */
const LEAST_VARIATION = 1
/** Of the slowest hundredth's latency. */
const LEAST_SHARE = 0.3
const LEAST_MS = 1

export const headOfLineBlocking = defineLoadRule({
  id: 'head-of-line-blocking',
  check({ asked, setup }) {
    const point = asked.findLast(({ saturated, parts }) => !saturated && parts !== null)
    if (point?.parts == null) return null
    const [queue, compute] = [partOf(point, 'queue'), partOf(point, 'compute')]
    if (queue === null || compute === null || compute.variation < LEAST_VARIATION) return null
    const { latencyMs } = point.parts.slowest
    if (queue.slowestMs < LEAST_SHARE * latencyMs || queue.slowestMs < LEAST_MS) return null
    // Pollaczek and Khinchine: waiting grows with 1 + the squared coefficient of variation.
    const less = queue.slowestMs * (compute.variation / (1 + compute.variation))
    const busy = utilisationOf(point, setup)
    const asking = point.offeredPerSecond === null ? '' : ` at ${perSecond(point.offeredPerSecond)} requests/s`
    return {
      title: 'Requests wait behind others that take much longer',
      detail:
        `Predictions take ${compute.meanMs.toFixed(1)} ms on average${asking} and vary a lot (squared coefficient of variation` +
        ` ${compute.variation.toFixed(1)}): the slowest hundredth waits ${queue.slowestMs.toFixed(1)} of its ${latencyMs.toFixed(1)} ms. Were all` +
        ` predictions alike, it would wait about ${(queue.slowestMs - less).toFixed(1)} ms.`,
      wouldSaveMs: less,
      basis: 'modelled',
      facts: [
        { name: 'variation of compute', value: compute.variation, unit: 'squared coefficient' },
        { name: 'queue of the slowest hundredth', value: queue.slowestMs, unit: 'ms' },
        ...(busy === null ? [] : [{ name: 'workers busy', value: busy, unit: 'share of the time' }]),
      ],
    }
  },
})
