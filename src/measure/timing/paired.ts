// Baseline and candidate alternate as processes in time (A B B A), and the ratio is taken pair by pair: what changes on the machine
// meets both. A pair that spans a change of regime is repeated.

import type { RunTrial, Trial, TrialLimits } from '../../trials/port.ts'
import { handoffNs, tellRegimes } from './latency.ts'
import { type LatencyInput, latencyTask } from './latency-block.ts'
import { logInterval, median } from './statistics.ts'
import type { LatencyBlock } from './types.ts'

export interface PairedResult {
  readonly baseMs: number
  readonly changedMs: number
  /** changed / base, median over pairs, with its 95 % interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
  readonly pairs: number
}

export interface PairedPlan {
  readonly run: RunTrial
  readonly base: Omit<LatencyInput, 'process' | 'brief'>
  readonly changed: Omit<LatencyInput, 'process' | 'brief'>
  readonly pairs: number
  readonly threads: number
  /** Two pairs whose ratios all lie above this end it: more would find no gain worth saying. Absent: all pairs. */
  readonly futileAbove?: number
}

/** At most this many pairs are repeated for a change of regime. */
const MAX_REPEATS = 2
const FUTILE_AFTER = 2

/** failed where either side cannot be measured. */
export async function measurePaired(plan: PairedPlan, limits: TrialLimits): Promise<Trial<PairedResult>> {
  const ratios: number[] = []
  const base: number[] = []
  const changed: number[] = []
  let repeats = 0
  for (let pair = 0; pair < plan.pairs; pair++) {
    const order = pair % 2 === 0 ? [plan.base, plan.changed] : [plan.changed, plan.base]
    const blocks: LatencyBlock[] = []
    for (const side of order) {
      const trial = await plan.run(latencyTask, { ...side, process: pair, brief: false }, limits)
      if (trial.outcome !== 'measured') return trial
      blocks.push(trial.value)
    }
    if (spansRegimes(blocks, plan.threads) && repeats < MAX_REPEATS) {
      repeats++
      pair--
      continue
    }
    const [a, b] = pair % 2 === 0 ? [blocks[0]!, blocks[1]!] : [blocks[1]!, blocks[0]!]
    base.push(a.p50Ms)
    changed.push(b.p50Ms)
    ratios.push(b.p50Ms / a.p50Ms)
    if (ratios.length === FUTILE_AFTER && Math.min(...ratios) > (plan.futileAbove ?? Number.POSITIVE_INFINITY)) break
  }
  const interval = logInterval(ratios)
  return {
    outcome: 'measured',
    value: {
      baseMs: median(base),
      changedMs: median(changed),
      ratio: median(ratios),
      ratioLow: interval.low,
      ratioHigh: interval.high,
      pairs: ratios.length,
    },
  }
}

function spansRegimes(blocks: readonly LatencyBlock[], threads: number): boolean {
  if (blocks.some((block) => handoffNs(block) === null)) return false
  return new Set(tellRegimes(blocks, threads).map((block) => block.regime)).size > 1
}
