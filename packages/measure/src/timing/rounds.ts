// Several setups against each other: in every round one fresh process of each, there and back again (A B C C B A), so that what
// changes on the machine meets all of them alike, and the ratio of two is taken round by round. One that fails twice is out with its
// reason; the others go on.
import { type Clock, processClock } from '../engines/sampler.ts'
import { type RatioInterval, ratioOver, turns } from '../statistics/index.ts'
import type { NotMeasured, RunTrial, Trial, TrialLimits } from '../trials/port.ts'
import { type LatencyInput, type LatencyOutput, latencyTask } from './latency-block.ts'
import { spanRegimes } from './regimes.ts'
import type { LatencyBlock } from './types.ts'

export interface RoundsSetup {
  readonly task: Omit<LatencyInput, 'process' | 'outputsOf'>
  readonly limits: TrialLimits
  /** Threads that its predictions run on, if known beforehand; what the engine reports takes precedence. */
  readonly threads?: number
  /** Kept by its first process, once all is timed. */
  readonly outputsOf?: LatencyInput['outputsOf']
  /** A further round is left out where its processes would take longer than this together, ms. Absent: it takes part in all. */
  readonly withinMs?: number
}

export interface SetupRun {
  /** One a round; null for the rounds that it did not take part in. */
  readonly blocks: readonly (LatencyBlock | null)[]
  /** What ended its part; null: nothing did. */
  readonly failure: NotMeasured | null
  /** Outputs of its first process, if they were requested. */
  readonly outputs?: LatencyOutput['outputs']
  /** Threads that its predictions ran on; absent if nobody tells. */
  readonly threads?: number
}

export interface RoundsPlan {
  readonly run: RunTrial
  readonly setups: readonly RoundsSetup[]
  readonly rounds: number
  /** Asked after each round with what was measured so far: true ends it. Absent: all rounds. */
  readonly isEnough?: (soFar: readonly SetupRun[]) => boolean
  readonly onBlock?: (setup: number, round: number) => void
  /** Absent: this process's own. */
  readonly now?: Clock
}

interface State {
  readonly blocks: (LatencyBlock | null)[]
  failure: NotMeasured | null
  outputs?: LatencyOutput['outputs']
  threads?: number
  tookMs: number
}

/** One result for each setup, in their order. */
export async function measureRounds(plan: RoundsPlan): Promise<readonly SetupRun[]> {
  const { setups, rounds, isEnough = () => false, onBlock = () => {}, now = processClock } = plan
  const states: State[] = setups.map(({ threads }) => ({
    blocks: [],
    failure: null,
    tookMs: 0,
    ...(threads === undefined ? {} : { threads }),
  }))
  const takesPart = (i: number, round: number): boolean => {
    const { failure, tookMs, blocks } = states[i]!
    const rounds = blocks.filter((block) => block !== null).length
    return failure === null && (round === 0 || tookMs + tookMs / rounds <= (setups[i]!.withinMs ?? Number.POSITIVE_INFINITY))
  }
  for (let round = 0; round < rounds; round++) {
    for (const i of turns(setups.length, round)) {
      if (!takesPart(i, round)) {
        states[i]!.blocks.push(null)
        continue
      }
      onBlock(i, round)
      const start = now()
      states[i]!.blocks.push(await block(i, round))
      states[i]!.tookMs += now() - start
    }
    if (isEnough(states)) break
  }
  return states.map(({ tookMs: _, ...run }) => run)

  async function block(i: number, round: number): Promise<LatencyBlock | null> {
    const { task, limits, outputsOf } = setups[i]!
    const state = states[i]!
    const input = { ...task, process: round, ...(round === 0 && outputsOf !== undefined ? { outputsOf } : {}) }
    let trial = await plan.run(latencyTask, input, limits)
    if (mayBeChance(trial, state)) trial = await plan.run(latencyTask, input, limits)
    if (trial.outcome !== 'measured') {
      state.failure = trial
      return null
    }
    const { outputs, threads, eventLoop: _, ...measured } = trial.value
    if (outputs !== undefined) state.outputs = outputs
    if (threads !== undefined) state.threads = threads
    return measured
  }
}

/** A process can die of what has nothing to do with the setup. One that hangs would hang again, and a first refusal is meant. */
const mayBeChance = ({ outcome }: Trial<unknown>, { blocks }: State): boolean =>
  outcome === 'crashed' || (outcome === 'failed' && blocks.some((block) => block !== null))

export interface RoundRatio extends RatioInterval {
  /** Rounds behind it. */
  readonly rounds: number
}

/** A ratio that fewer rounds stand for is not better for leaving out those that span a change of regime. */
const LEAST_CLEAN = 3

/**
 * b / a; null if the two share fewer than two rounds: one ratio has no interval. Rounds in which the handoff between threads changed
 * between their processes are left out where three others are left. `percent`: of the interval.
 */
export function ratioOf(a: SetupRun, b: SetupRun, percent = 95): RoundRatio | null {
  // If it is not known, there may be several.
  const threads = Math.max(a.threads ?? 2, b.threads ?? 2)
  const shared = a.blocks.flatMap((block, round) => {
    const other = b.blocks[round]
    return block && other ? [{ ratio: other.p50Ms / block.p50Ms, spans: spanRegimes([block, other], threads) }] : []
  })
  if (shared.length < 2) return null
  const clean = shared.filter(({ spans }) => !spans)
  const ratios = (clean.length >= LEAST_CLEAN ? clean : shared).map(({ ratio }) => ratio)
  return { ...ratioOver(ratios, percent), rounds: ratios.length }
}
