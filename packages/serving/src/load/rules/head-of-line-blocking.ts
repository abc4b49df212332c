// Some predictions take much longer than others, and those behind them wait.
import { ms, rate, ratio, share, tell } from '@whyslow/diagnosis/tell.ts'
import { partOf, utilisationOf } from '../facts.ts'
import { defineRule } from '../rule.ts'

/** Squared coefficient of variation of exponential times; predictions of inputs of one shape have nearly none. */
const LEAST_VARIATION = 1
/** Share of the slowest hundredth's latency. */
const LEAST_SHARE = 0.3
const LEAST_MS = 1

export const headOfLineBlocking = defineRule({
  id: 'head-of-line-blocking',
  area: 'software',
  title: 'Head-of-line blocking: requests wait behind much slower ones',
  needs: ['parted'],
  wants: ['setup'],
  check({ parted, setup }) {
    const [queue, compute] = [partOf(parted, 'queue'), partOf(parted, 'compute')]
    if (queue === null || compute === null) return { notChecked: 'the server does not report its queue and what computing takes' }
    const { latencyMs } = parted.parts.slowest
    const { variation } = compute
    if (variation < LEAST_VARIATION || queue.slowestMs < LEAST_SHARE * latencyMs || queue.slowestMs < LEAST_MS) return 'clear'
    // Pollaczek and Khinchine: waiting grows with 1 + the squared coefficient of variation.
    const lessMs = queue.slowestMs * (variation / (1 + variation))
    const busy = utilisationOf(parted, setup ?? null)
    const { offeredPerSecond } = parted
    const at = offeredPerSecond === null ? '' : tell` at ${rate('offered', offeredPerSecond)}`
    const workers = busy === null ? '' : tell` Workers are busy ${share('workers-busy', busy)} of the time.`
    return {
      ...tell`Predictions take ${ms('compute', compute.meanMs)} on average${at} and vary a lot (squared coefficient of variation
        ${ratio('compute-variation', variation)}): the slowest hundredth waits ${ms('slowest-queue', queue.slowestMs)} of its
        ${ms('slowest-latency', latencyMs)}. If all predictions took as long, it would wait about
        ${ms('slowest-queue-if-alike', queue.slowestMs - lessMs)}.${workers}`,
      timeMs: queue.slowestMs,
      wouldSaveMs: lessMs,
      basis: 'modelled',
    }
  },
})
