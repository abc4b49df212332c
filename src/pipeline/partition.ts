// Where the p50 goes, stage by stage. Medians of stages do not add up to the median of the whole, so the calls nearest to it are
// looked at: their stages' means are the parts, and what is left of the p50 is unexplained.
import type { Block, MarkedStage } from './protocol.ts'

/** The calls whose whole is nearest to the p50: this share of all, the parts of the median are theirs. */
const NEAREST = 0.2
/** With fewer calls a percentile says nothing. */
const P90_FROM_CALLS = 10
const P95_FROM_CALLS = 20
const P99_FROM_CALLS = 100

export interface StageTimes {
  /** Of the p50. */
  readonly timeMs: number
  readonly p50Ms: number
  readonly p99Ms: number | null
}

/** Of sorted values, between neighbours. */
export function quantile(sorted: readonly number[], at: number): number {
  const place = (sorted.length - 1) * at
  const low = Math.floor(place)
  const [a, b] = [sorted[low]!, sorted[Math.ceil(place)]!]
  return a + (b - a) * (place - low)
}

export const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
export const median = (values: readonly number[]): number => quantile(sorted(values), 0.5)
export const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

export interface Percentiles {
  readonly p50Ms: number
  readonly p90Ms: number | null
  readonly p95Ms: number | null
  readonly p99Ms: number | null
}

export function percentiles(values: readonly number[]): Percentiles {
  const all = sorted(values)
  const at = (share: number, from: number) => (all.length >= from ? quantile(all, share) : null)
  return {
    p50Ms: quantile(all, 0.5),
    p90Ms: at(0.9, P90_FROM_CALLS),
    p95Ms: at(0.95, P95_FROM_CALLS),
    p99Ms: at(0.99, P99_FROM_CALLS),
  }
}

/** A part for each stage; `unexplainedMs` is signed. Blocks without stages are left out. */
export function partition(
  blocks: readonly Block[],
  stages: number,
  p50Ms: number,
): { readonly stages: readonly StageTimes[]; readonly unexplainedMs: number } {
  const staged = blocks.filter((block) => block.staged && block.stagesMs.length === stages)
  const totals = staged.flatMap(({ totalMs }) => totalMs)
  const times = Array.from({ length: stages }, (_, stage) => staged.flatMap(({ stagesMs }) => stagesMs[stage]!))
  if (totals.length === 0) return { stages: times.map(() => ({ timeMs: 0, p50Ms: 0, p99Ms: null })), unexplainedMs: p50Ms }
  const weights = weightsAround(totals, p50Ms)
  const parts = times.map((of) => {
    const { p50Ms: own, p99Ms } = percentiles(of)
    return { timeMs: weights.reduce((sum, weight, at) => sum + weight * of[at]!, 0), p50Ms: own, p99Ms }
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
  const [low, high] = [below, above].map((those) => mean(those.map((at) => totals[at]!)))
  const share = below.length === 0 ? 0 : above.length === 0 ? 1 : (high! - p50Ms) / (high! - low!)
  const weights = totals.map(() => 0)
  for (const at of below) weights[at] = share / below.length
  for (const at of above) weights[at] = (1 - share) / above.length
  return weights
}

/** Of a script that ran several times: the mean of all its times between the marks, by run. */
export function partitionScript(
  runs: readonly { readonly totalMs: number; readonly marks: readonly MarkedStage[] }[],
  names: readonly string[],
): { readonly stages: readonly StageTimes[]; readonly unexplainedMs: number } {
  const p50Ms = median(runs.map(({ totalMs }) => totalMs))
  const stages = names.map((name) => {
    const found = runs.map(({ marks }) => marks.find((mark) => mark.name === name) ?? { timesMs: [] })
    const all = found.flatMap(({ timesMs }) => timesMs)
    const own = all.length === 0 ? { p50Ms: 0, p99Ms: null } : percentiles(all)
    const timeMs = median(found.map(wholeOf))
    return { timeMs, p50Ms: own.p50Ms, p99Ms: own.p99Ms }
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

/** Interval of the median of processes' medians: their range, which holds it in 1 − 2·0.5ⁿ of cases. */
export const rangeOf = (values: readonly number[]): readonly [number, number] => [Math.min(...values), Math.max(...values)]
