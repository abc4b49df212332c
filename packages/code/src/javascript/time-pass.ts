// The timed pass: no profiler, nothing wrapped but the stages. Blocks with stages timed and blocks without take turns, so that what timing
// the stages costs is known. What else the stages do is examined when they have been timed.
import type { Plan } from '../protocol.ts'
import { send } from './channel.ts'
import { Collections, type Interval, overlapMs } from './collections.ts'
import { type Predictions, yieldToEventLoop } from './predictions.ts'
import { lookAtStages } from './stage-looks.ts'

const BLOCKS = 6
/** A warm-up that takes many times what was planned is given up: predictions are long, and settled soon. */
const LONGEST_WARM_UP = 10
/** Share of the time to predict, once more for looks at each stage alone. */
const LOOK_SHARE = 0.2

export async function timePass(predictions: Predictions, plan: Plan): Promise<void> {
  await warmUp(predictions, plan)
  const { whereabouts, stages } = predictions
  whereabouts.enter('timed')
  const collections = new Collections()
  const intervals: Interval[][] = stages.map(() => [])
  const note = ({ start, marks }: { start: number; marks: readonly number[] }) => {
    for (const [stage, end] of marks.entries()) intervals[stage]!.push({ start: marks[stage - 1] ?? start, end })
  }
  const blockMs = plan.budgetMs / BLOCKS
  const least = Math.ceil(plan.minCalls / BLOCKS)
  for (let number = 0; number < BLOCKS; number++) {
    const block = await predictions.block(number % 2 === 0, blockMs, least, note)
    await yieldToEventLoop()
    send({ kind: 'block', ...block })
  }
  const found = await collections.stop()
  whereabouts.enter('facts')
  const facts = await lookAtStages(predictions, plan.budgetMs * LOOK_SHARE)
  const gcMs = (of: readonly Interval[]) => overlapMs(found, of) / Math.max(1, of.length)
  send({ kind: 'stages', stages: facts.map((one, at) => ({ ...one, gcMs: gcMs(intervals[at]!) })) })
}

/** Makes at least two calls; every sample once if time allows. */
export async function warmUp(predictions: Predictions, plan: Plan): Promise<void> {
  predictions.whereabouts.enter('warm-up')
  const began = performance.now()
  const least = Math.max(2, predictions.samples.length)
  const times: number[] = []
  for (;;) {
    const spent = performance.now() - began
    const enough = times.length >= least && spent >= plan.warmUpMs
    if (enough || (times.length >= 2 && spent > LONGEST_WARM_UP * plan.warmUpMs)) break
    times.push((await predictions.whole()).totalMs)
  }
  await yieldToEventLoop()
  predictions.learn(Math.min(...times))
  send({ kind: 'warm', calls: times.length, ms: performance.now() - began })
}
