// What one run leaves in a server is work for it until it is done, though nobody waits for it any more: few servers stop when a client goes.
// The next run would be measured behind it. So after a run that left requests, a few clients ask until answers come no sooner than before.

import { medianOrNull } from '@whyslow/measure/statistics/index.ts'
import { type ClosedPlan, type MeasuredPoint, measureClosed } from '../../load/measure.ts'

/** Clients of the request. They reach all queues of a server with one for each worker. */
const CLIENTS = 4
const SECONDS = 0.5
/** Answers that come no sooner than this share of the round before: nothing is in front of them. */
const NO_SOONER = 0.8
/** A server is not waited for any longer. */
const MOST_MS = 30_000

export type DrainPlan = Pick<ClosedPlan, 'target' | 'timeoutMs' | 'signal'>

/** What it is asked with; scripted in tests. */
export interface DrainTools {
  readonly now: () => number
  readonly measure: (plan: ClosedPlan) => Promise<Pick<MeasuredPoint, 'latencies'>>
}
const TOOLS: DrainTools = { now: () => performance.now(), measure: measureClosed }

/** Whether it was seen to be empty. */
export async function waitUntilIdle(plan: DrainPlan, { now, measure }: DrainTools = TOOLS): Promise<boolean> {
  const until = now() + MOST_MS
  let before: number | null = null
  while (now() < until) {
    const { latencies } = await measure({ ...plan, seed: 0, clients: CLIENTS, length: { seconds: SECONDS } })
    const answered = [...latencies].filter(Number.isFinite)
    const middle = medianOrNull(answered)
    if (middle !== null && before !== null && middle >= NO_SOONER * before) return true
    before = middle
  }
  return false
}
