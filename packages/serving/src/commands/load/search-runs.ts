// The runs of a search: how long each is, what it says of the objective, and how long all of them may take.

import { nowMs } from '@whyslow/measure/machine/now.ts'
import type { LoadFound, LoadSearch } from '@whyslow/report/documents/load.ts'
import { isLimited } from '../../load/generator-limit.ts'
import { type ClosedPlan, type MeasuredPoint, measureClosed, measurePoint, warmUpOf } from '../../load/measure.ts'
import { judge, type Objective } from '../../load/objective.ts'
import type { HasTimeFor, SearchRun, SearchSample } from '../../load/rate-runs.ts'
import { leastInRun, searchRate } from '../../load/search.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import { type Plan, streamPlanOf } from './plan.ts'
import { pointWithinCeiling, runWithServerCounters } from './server-counters.ts'

/** A run of a search has this many requests, within these times and a share of the time of all; if a percentile takes more, up to `slowSeconds`. */
const SEARCH = { requests: 4000, leastSeconds: 5, mostSeconds: 30, slowSeconds: 300, budgetShare: 1 / 40 } as const
/** Unless --budget says how long a search may take: as long as this many runs if --duration says how long a run is, but this at least. */
const BUDGET = { seconds: 160, runs: 15 } as const
/** Starting a run, and waiting for its last answers. */
const RUN_EXTRA_SECONDS = 0.5
/**
 * How long one request after another is measured; longer if a server is so slow that fewer than `requests` are measured, up to a share of the time
 * of all.
 */
const ALONE = { seconds: 3, requests: 3, growth: 4, leastSeconds: 1, mostSeconds: 60, budgetShare: 1 / 10 } as const
/** How many times the allowed requests over the bound make a run hopeless. */
const HOPELESS = 4

export interface RateSearchResult {
  readonly measured: readonly MeasuredPoint[]
  readonly found: LoadFound | null
  readonly search: LoadSearch | null
}

export interface SearchPlan extends Plan {
  readonly objective: Objective
  readonly ceilingPerSecond: number
}

/** How long a search may take, s. */
export const searchSeconds = (
  { seconds }: Pick<Plan, 'seconds'>,
  { budgetSeconds }: Pick<LoadOptions, 'budgetSeconds'>,
): number => budgetSeconds ?? Math.max(BUDGET.seconds, BUDGET.runs * wholeSeconds(seconds ?? 0))

/** How long one request after another may be measured. */
export const aloneMostSeconds = (budgetSeconds: number): number =>
  Math.max(ALONE.leastSeconds, Math.min(ALONE.mostSeconds, ALONE.budgetShare * budgetSeconds))

/** A run with its warm-up. */
export const wholeSeconds = (seconds: number): number => seconds + warmUpOf(1000 * seconds) / 1000 + RUN_EXTRA_SECONDS

export async function search(opened: OpenedTarget, plan: SearchPlan, options: LoadOptions): Promise<RateSearchResult> {
  const measured: MeasuredPoint[] = []
  const budget = searchSeconds(plan, options)
  const endMs = nowMs() + 1000 * budget
  const secondsAt = (ratePerSecond: number) => runSeconds(plan, ratePerSecond, budget)
  const hasTimeFor: HasTimeFor = (ratePerSecond, runs) => nowMs() + 1000 * runs * wholeSeconds(secondsAt(ratePerSecond)) <= endMs
  const run = searchRun(opened, plan, options, {
    secondsAt,
    aloneMostSeconds: aloneMostSeconds(budget),
    onMeasured: (one) => measured.push(one),
  })
  const start = { firstSeed: options.seed, startAt: plan.rates[0] ?? null, isNear: options.isNear }
  const { found, search } = await searchRate(plan.objective, { run, secondsAt, hasTimeFor, ...start })
  const byRate = [...measured].sort((a, b) => a.point.offeredPerSecond! - b.point.offeredPerSecond!)
  return { measured: byRate, found, search }
}

interface RunPlan {
  readonly secondsAt: (ratePerSecond: number) => number
  /** Absent: nothing is asked alone. */
  readonly aloneMostSeconds?: number
  readonly onMeasured?: (one: MeasuredPoint) => void
}

/** A run at a rate, ended early where the objective cannot hold any more. */
export function searchRun(opened: OpenedTarget, plan: SearchPlan, options: LoadOptions, asked: RunPlan): SearchRun {
  const { target } = opened
  const { objective, arrivals, ceilingPerSecond } = plan
  const { signal, onProgress } = options
  const ofStreams = streamPlanOf(plan)
  const timeoutMs = options.timeoutSeconds * 1000
  return async (ratePerSecond, seed, stage) => {
    const at = ratePerSecond === null ? 'alone' : `${stage} ${ratePerSecond.toPrecision(3)} requests/s`
    onProgress?.({ stage: at, done: 0, of: 1 })
    if (ratePerSecond === null)
      return alone(
        opened,
        { ...plan, mostSeconds: asked.aloneMostSeconds ?? ALONE.mostSeconds },
        { target, seed, timeoutMs, signal },
      )
    const seconds = asked.secondsAt(ratePerSecond)
    const budget = objective.share === null ? Number.POSITIVE_INFINITY : (1 - objective.share) * seconds * ratePerSecond
    const enough = (latencies: Float64Array) => judge(objective, latencies).over > HOPELESS * Math.max(10, budget)
    const { mostErrors: mostRefused } = objective
    const one = {
      target,
      arrivals,
      ratePerSecond,
      length: { seconds },
      seed,
      timeoutMs,
      signal,
      enough,
      mostRefused,
      ...ofStreams,
    }
    const measured = pointWithinCeiling(await runWithServerCounters(opened, () => measurePoint(one), one), ceilingPerSecond)
    const { latencies, sinceSent, point } = measured
    const isBelow = judge(objective, latencies).held
    const held = isBelow && point.keepsUp === true
    asked.onMeasured?.({ ...measured, point: { ...point, held } })
    // In time it would have held: that it did not is the generator's.
    const limited = isLimited(point) || (!isBelow && !point.saturated && judge(objective, sinceSent).held)
    return { latencies, saturated: point.saturated, limited, isUnclear: point.keepsUp === null }
  }
}

function runSeconds({ seconds, objective }: SearchPlan, ratePerSecond: number, budgetSeconds: number): number {
  if (seconds !== null) return seconds
  const most = Math.min(SEARCH.mostSeconds, SEARCH.budgetShare * budgetSeconds)
  const usual = Math.max(SEARCH.leastSeconds, Math.min(most, SEARCH.requests / ratePerSecond))
  // Rounded up, since a run has the rate's requests rounded.
  return Math.max(usual, Math.min(SEARCH.slowSeconds, (leastInRun(objective) + 1) / ratePerSecond))
}

/** One request after another, until some are measured. */
async function alone(
  opened: OpenedTarget,
  { seconds: given, mostSeconds }: Pick<Plan, 'seconds'> & { readonly mostSeconds: number },
  asked: Pick<ClosedPlan, 'target' | 'seed' | 'timeoutMs' | 'signal'>,
): Promise<SearchSample> {
  let seconds = Math.min(given ?? ALONE.seconds, ALONE.seconds, mostSeconds)
  for (;;) {
    const { latencies } = await measureClosed({ ...asked, clients: 1, length: { seconds } })
    opened.check()
    if (latencies.length >= ALONE.requests || seconds >= mostSeconds) return { latencies, saturated: false, limited: false }
    seconds = Math.min(mostSeconds, seconds * ALONE.growth)
  }
}
