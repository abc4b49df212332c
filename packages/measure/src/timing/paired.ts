// Baseline and candidate alternate as processes in time (A B B A), and the ratio is taken pair by pair: what changes on the machine
// meets both. A pair that spans a change of regime is measured once more.

import { median, type RatioInterval, ratioOver } from '../statistics/index.ts'
import type { RunTrial, Trial, TrialLimits } from '../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { spanRegimes } from './regimes.ts'
import { measureRounds, type SetupRun } from './rounds.ts'
import type { LatencyBlock } from './types.ts'

export interface PairedResult extends RatioInterval {
  readonly baseMs: number
  readonly changedMs: number
  readonly pairs: number
}

export interface PairedPlan {
  readonly run: RunTrial
  readonly base: Omit<LatencyInput, 'process' | 'brief'>
  readonly changed: Omit<LatencyInput, 'process' | 'brief'>
  readonly pairs: number
  readonly threads: number
  /** Two pairs whose ratios all are above this end it: more would find no gain worth saying. Absent: all pairs. */
  readonly futileAbove?: number
}

/** Most pairs that are repeated for a change of regime. */
const MAX_REPEATS = 2
export const FUTILE_AFTER = 2

type Pair = readonly [LatencyBlock, LatencyBlock]

/** failed where either side cannot be measured. */
export async function measurePaired(plan: PairedPlan, limits: TrialLimits): Promise<Trial<PairedResult>> {
  const { run, base, changed, pairs, threads, futileAbove = Number.POSITIVE_INFINITY } = plan
  const runs = await measureRounds({
    run,
    setups: [base, changed].map((task) => ({ task: { ...task, brief: false }, limits })),
    rounds: pairs + MAX_REPEATS,
    isEnough(soFar) {
      if (soFar.some(({ failure }) => failure !== null)) return true
      const ratios = countedPairs(soFar, pairs, threads).map(([a, b]) => b.p50Ms / a.p50Ms)
      return ratios.length >= pairs || (ratios.length >= FUTILE_AFTER && Math.min(...ratios) > futileAbove)
    },
  })
  const failure = runs.find((one) => one.failure !== null)?.failure
  if (failure) return failure
  const counted = countedPairs(runs, pairs, threads)
  return {
    outcome: 'measured',
    value: {
      baseMs: median(counted.map(([a]) => a.p50Ms)),
      changedMs: median(counted.map(([, b]) => b.p50Ms)),
      ...ratioOver(counted.map(([a, b]) => b.p50Ms / a.p50Ms)),
      pairs: counted.length,
    },
  }
}

/** Those within one regime first; where too few are, the others stand in for them. */
function countedPairs([base, changed]: readonly SetupRun[], most: number, threads: number): readonly Pair[] {
  const all = base!.blocks.flatMap((block, i): Pair[] => {
    const other = changed!.blocks[i]
    return block && other ? [[block, other]] : []
  })
  const clean = all.filter((pair) => !spanRegimes(pair, threads))
  return [...clean, ...all.filter((pair) => !clean.includes(pair)).slice(MAX_REPEATS)].slice(0, most)
}
