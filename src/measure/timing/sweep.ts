// The same model at several values of one dimension: threads, batch, input size. Points alternate over rounds, each in a process of
// its own, so that a change of the machine's pace meets all points.

import type { RunTrial, TrialLimits } from '../../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { measureRounds } from './rounds.ts'
import { fitLine, median, processInterval } from './statistics.ts'
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

/** Points that fail are left out; undefined where fewer than two are left. `onPoint` is called before each process. */
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
    return [{ at, p50Ms: median(p50s), ciLowMs: low, ciHighMs: high }]
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
