// The slowest answers wait for a worker longer than they are worked on.
import type { RuleFinding } from '@whyslow/diagnosis/rule.ts'
import { countFact, ms, rate, type Sentence, share, tell } from '@whyslow/diagnosis/tell.ts'
import type { LoadPoint, LoadStatistics } from '@whyslow/report/documents/load.ts'
import { partOf, utilisationOf } from '../facts.ts'
import { defineRule } from '../rule.ts'

/** Share of the slowest hundredth's latency. */
const LEAST_SHARE = 0.5
/** Below it a queue is nothing that anybody feels. */
const LEAST_MS = 1
/** Workers that are busy for more than this have little left. */
const BUSY = 0.7
/** Busy share of the workers below which it is not their number that makes requests wait. */
const IDLE = 0.5

export const queueingDominates = defineRule({
  id: 'queueing-dominates',
  area: 'software',
  title: 'Queueing: the slowest requests wait longer than they are processed',
  needs: ['parted'],
  wants: ['setup'],
  check({ parted, setup }) {
    const [queue, compute] = [partOf(parted, 'queue'), partOf(parted, 'compute')]
    if (parted.statistics !== undefined && queue === null) return onAverage(parted, parted.statistics)
    if (queue === null || compute === null) return { notChecked: 'the server does not report its queue and what computing takes' }
    const { latencyMs } = parted.parts.slowest
    if (queue.slowestMs < LEAST_SHARE * latencyMs || queue.slowestMs < LEAST_MS) return 'clear'
    const busy = utilisationOf(parted, setup ?? null)
    return {
      ...tell`${loadOf(parted)} the slowest hundredth takes ${ms('slowest-latency', latencyMs)}: ${ms('slowest-queue', queue.slowestMs)} in the
        queue, ${ms('slowest-compute', compute.slowestMs)} computing.${busy === null ? '' : why(busy)}`,
      timeMs: queue.slowestMs,
      wouldSaveMs: queue.slowestMs,
      basis: 'measured',
    }
  },
})

/** The finding by what the server counted itself: means, which say nothing of the slowest. */
function onAverage(point: LoadPoint, { queueMs, inferMs }: LoadStatistics): RuleFinding | 'clear' {
  const { meanMs } = point
  if (meanMs === null || queueMs < LEAST_SHARE * meanMs || queueMs < LEAST_MS) return 'clear'
  return {
    ...tell`${loadOf(point)} an answer takes ${ms('mean', meanMs)} on average; by the server's own statistics a request waits
      ${ms('mean-queue', queueMs)} in its queue and takes ${ms('mean-inference', inferMs)} in the model. Where it waits for others to join
      (max_queue_delay_microseconds), a shorter delay helps; else more instances, or a cheaper prediction.`,
    title: 'Queueing: requests wait in the server longer than they are processed',
    timeMs: queueMs,
    wouldSaveMs: null,
    savingUnknown: 'the statistics are means, and say nothing of the slowest hundredth',
    basis: 'measured',
  }
}

const loadOf = ({ offeredPerSecond, clients }: LoadPoint): Sentence =>
  offeredPerSecond === null ? tell`With ${countFact('client', clients ?? 0)}` : tell`At ${rate('offered', offeredPerSecond)}`

function why(busy: number): Sentence {
  const said = tell` Workers are busy ${share('workers-busy', busy)} of the time`
  if (busy > BUSY) return tell`${said}: more of them, or a cheaper prediction, is what helps.`
  if (busy < IDLE) return tell`${said}: requests that arrive together, or predictions that take long, make others wait.`
  return tell`${said}.`
}
