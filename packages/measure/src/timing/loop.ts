// What one loop of predictions takes: for whatever is compared with another loop run next to it, and needs neither samples nor counters.
import { type Clock, type SamplerPlan, takeSamples, timeEachRun } from '../engines/sampler.ts'
import type { PreparedRun } from '../engines/types.ts'
import { lowerQuartile, median } from '../statistics/index.ts'

/** The median, ms; `runs` take turns. */
export const loopMs = async (runs: readonly PreparedRun[], plan: SamplerPlan, now: Clock): Promise<number> =>
  median(await samplesOf(runs, plan, now))

/** The lower quartile, ms. A disturbance lasts for milliseconds, as such a loop does, and only adds: the median is too often what it made of it. */
export const quietLoopMs = async (runs: readonly PreparedRun[], plan: SamplerPlan, now: Clock): Promise<number> =>
  lowerQuartile(await samplesOf(runs, plan, now))

const samplesOf = async (runs: readonly PreparedRun[], plan: SamplerPlan, now: Clock): Promise<readonly number[]> =>
  (await takeSamples(timeEachRun(runs, now), plan, now)).samplesMs
