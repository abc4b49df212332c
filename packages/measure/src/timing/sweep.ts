// The same model at several values of one dimension: threads, batch, input size. Points alternate over rounds, each in a process of
// its own, so that a change of the machine's pace meets all points.

import { fitLine, median, processInterval, type RatioInterval, ratioOver } from '../statistics/index.ts'
import type { RunTrial, TrialLimits } from '../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { measureRounds, type SetupRun } from './rounds.ts'
import type { Sweep, SweepPoint } from './types.ts'

export interface SweepPlan {
  readonly run: RunTrial
  readonly dimension: string
  readonly unit: string
  readonly current: number
  readonly points: readonly { readonly at: number; readonly task: Omit<LatencyInput, 'process' | 'brief'> }[]
  readonly rounds: number
  readonly fit: boolean
}

/** Chance that one of all points is taken for faster than the one in use although none is, percent. */
const FALSELY_FASTER = 5

/**
 * Round by round, with an interval that is wide enough for the best of all points to be looked for (Bonferroni, one side). null if
 * fewer than two rounds have both: one ratio has no interval.
 */
function ratioToCurrent({ points, current }: SweepPlan, runs: readonly SetupRun[], i: number): RatioInterval | null {
  const inUse = runs[points.findIndex(({ at }) => at === current)]?.blocks ?? []
  const ratios = runs[i]!.blocks.flatMap((block, round) => {
    const other = inUse[round]
    return block && other ? [block.p50Ms / other.p50Ms] : []
  })
  return ratios.length < 2 ? null : ratioOver(ratios, 100 - (2 * FALSELY_FASTER) / (points.length - 1))
}

/** Points that fail are left out; undefined if fewer than two are left. `onPoint` is called before each process. */
export async function measureSweep(
  plan: SweepPlan,
  limits: TrialLimits,
  onPoint: () => void = () => {},
): Promise<Sweep | undefined> {
  const runs = await measureRounds({
    run: plan.run,
    setups: plan.points.map(({ task }) => ({ task: { ...task, brief: true }, limits })),
    rounds: plan.rounds,
    onBlock: onPoint,
  })
  const points = plan.points.flatMap(({ at }, i): SweepPoint[] => {
    const p50s = runs[i]!.blocks.flatMap((block) => block?.p50Ms ?? [])
    if (runs[i]!.failure !== null || p50s.length === 0) return []
    const { low, high } = processInterval(p50s)
    const overCurrent = plan.fit || at === plan.current ? null : ratioToCurrent(plan, runs, i)
    return [{ at, p50Ms: median(p50s), ciLowMs: low, ciHighMs: high, ...(overCurrent ? { overCurrent } : {}) }]
  })
  if (points.length < 2) return undefined
  const line = plan.fit ? fitLine(points.map(({ at, p50Ms }) => ({ x: at, y: p50Ms }))) : undefined
  return {
    dimension: plan.dimension,
    unit: plan.unit,
    points,
    fit: line ? { fixedMs: line.fixed, perUnitMs: line.perUnit } : null,
    current: plan.current,
  }
}
