// Where the p50 goes, stage by stage. Medians of stages do not add up to the median of the whole, so the calls nearest to it are
// looked at: their stages' means are the parts, and what is left of the p50 is unexplained.
import { average, median, medianOrNull, tailOf } from '@whyslow/measure/statistics/index.ts'
import type { Block, MarkedStage } from './protocol.ts'

/** The calls whose whole is nearest to the p50: this share of all, the parts of the median are theirs. */
const NEAREST = 0.2
export interface StageTimes {
  /** Part of the p50. */
  readonly timeMs: number
  /** The p50 of its own calls; null: none was timed. */
  readonly p50Ms: number | null
  readonly p99Ms: number | null
}

const ownTimes = (timesMs: readonly number[]) => ({ p50Ms: medianOrNull(timesMs), p99Ms: tailOf(timesMs).p99Ms })
const UNTIMED: StageTimes = { timeMs: 0, ...ownTimes([]) }

/** A part for each stage; `unexplainedMs` is signed. Blocks without stages are left out. */
export function partition(
  blocks: readonly Block[],
  stages: number,
  p50Ms: number,
): { readonly stages: readonly StageTimes[]; readonly unexplainedMs: number } {
  const staged = blocks.filter((block) => block.staged && block.stagesMs.length === stages)
  const totals = staged.flatMap(({ totalMs }) => totalMs)
  const times = Array.from({ length: stages }, (_, stage) => staged.flatMap(({ stagesMs }) => stagesMs[stage]!))
  if (totals.length === 0) return { stages: times.map(() => UNTIMED), unexplainedMs: p50Ms }
  const weights = weightsAround(totals, p50Ms)
  const parts = times.map((of) => {
    return { timeMs: weights.reduce((sum, weight, at) => sum + weight * of[at]!, 0), ...ownTimes(of) }
  })
  return { stages: parts, unexplainedMs: p50Ms - parts.reduce((sum, { timeMs }) => sum + timeMs, 0) }
}

/**
 * Weights of calls, together 1: of those nearest below the p50 and those nearest above, so that their weighted whole is the p50, as a median
 * between two values is.
 */
function weightsAround(totals: readonly number[], p50Ms: number): readonly number[] {
  const most = Math.max(1, Math.round((totals.length * NEAREST) / 2))
  const nearest = (side: readonly number[]) =>
    [...side].sort((a, b) => Math.abs(totals[a]! - p50Ms) - Math.abs(totals[b]! - p50Ms)).slice(0, most)
  const all = totals.map((_, at) => at)
  const below = nearest(all.filter((at) => totals[at]! <= p50Ms))
  const above = nearest(all.filter((at) => totals[at]! > p50Ms))
  const [low, high] = [below, above].map((those) => average(those.map((at) => totals[at]!)))
  const share = below.length === 0 ? 0 : above.length === 0 ? 1 : (high! - p50Ms) / (high! - low!)
  const weights = totals.map(() => 0)
  for (const at of below) weights[at] = share / below.length
  for (const at of above) weights[at] = (1 - share) / above.length
  return weights
}

/** Parts of a script that ran several times: the mean of all its times between the marks, by run. */
export function partitionScript(
  runs: readonly { readonly totalMs: number; readonly marks: readonly MarkedStage[] }[],
  names: readonly string[],
): { readonly stages: readonly StageTimes[]; readonly unexplainedMs: number } {
  const p50Ms = median(runs.map(({ totalMs }) => totalMs))
  const stages = names.map((name) => {
    const found = runs.map(({ marks }) => marks.find((mark) => mark.name === name) ?? { timesMs: [] })
    return { timeMs: median(found.map(wholeOf)), ...ownTimes(found.flatMap(({ timesMs }) => timesMs)) }
  })
  return { stages, unexplainedMs: p50Ms - stages.reduce((sum, { timeMs }) => sum + timeMs, 0) }
}

const wholeOf = ({ timesMs, wholeMs }: Pick<MarkedStage, 'timesMs' | 'wholeMs'>): number =>
  wholeMs ?? timesMs.reduce((sum, value) => sum + value, 0)

/** Medians of blocks with stages timed over ones without, minus 1; null: there are not both. */
export function timingOverhead(blocks: readonly Block[]): number | null {
  const of = (staged: boolean) => blocks.filter((block) => block.staged === staged).flatMap(({ totalMs }) => totalMs)
  const [withStages, without] = [of(true), of(false)]
  if (withStages.length === 0 || without.length === 0) return null
  return median(withStages) / median(without) - 1
}
