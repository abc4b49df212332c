// The median of one loop of predictions: for whatever is compared with another loop beside it, and needs neither samples nor counters.
import { type Clock, type SamplerPlan, takeSamples, timedRuns } from '../../engines/sampler.ts'
import type { PreparedRun } from '../../engines/types.ts'
import { median } from './statistics.ts'

/** ms; `runs` are predicted with in turn. */
export const loopMs = async (runs: readonly PreparedRun[], plan: SamplerPlan, now: Clock): Promise<number> =>
  median((await takeSamples(timedRuns(runs, now), plan, now)).samplesMs)
