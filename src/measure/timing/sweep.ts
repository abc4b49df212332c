// The same model at several values of one dimension: threads, batch, input size. Points alternate over rounds, each in a process of
// its own, so that a change of the machine's pace meets all points.

import type { RunTrial, TrialLimits } from '../../trials/port.ts'
import { type LatencyInput, latencyTask } from './latency-block.ts'
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

/** Points that fail are left out; undefined where fewer than two are left. `onPoint` is called after each process. */
export async function measureSweep(
  plan: SweepPlan,
  limits: TrialLimits,
  onPoint: () => void = () => {},
): Promise<Sweep | undefined> {
  const p50s = plan.points.map((): number[] => [])
  const failed = new Set<number>()
  for (let round = 0; round < plan.rounds; round++) {
    // There and back again, as in ABBA.
    const order = plan.points.map((_, i) => (round % 2 === 0 ? i : plan.points.length - 1 - i))
    for (const i of order) {
      if (failed.has(i)) continue
      const trial = await plan.run(latencyTask, { ...plan.points[i]!.task, process: round, brief: true }, limits)
      if (trial.outcome === 'measured') p50s[i]!.push(trial.value.p50Ms)
      else failed.add(i)
      onPoint()
    }
  }
  const points = plan.points.flatMap(({ at }, i): SweepPoint[] => {
    if (failed.has(i) || p50s[i]!.length === 0) return []
    const { low, high } = processInterval(p50s[i]!)
    return [{ at, p50Ms: median(p50s[i]!), ciLowMs: low, ciHighMs: high }]
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
