// The runs of a command: one for each rate or number of clients, or those of a search.

import { isLimited, withinCeiling } from '../../load/generator-limit.ts'
import { throughputBound, utilisationLaw } from '../../load/laws.ts'
import { type ClosedPlan, type MeasuredPoint, measureClosed, measurePoint } from '../../load/measure.ts'
import { judge, leastFor, type Objective } from '../../load/objective.ts'
import { asOwn } from '../../load/parts.ts'
import { searchRate } from '../../load/search.ts'
import type { SearchRun, SearchSample } from '../../load/tries.ts'
import type { LoadFound, LoadPoint, LoadSearch, LoadServerFacts } from '../../report/documents/load.ts'
import { type DrainPlan, drained } from './drained.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import type { Plan } from './plan.ts'

export interface Measured {
  readonly measured: readonly MeasuredPoint[]
  readonly found: LoadFound | null
  readonly search: LoadSearch | null
}

/** Throws InputError where the server under test ends meanwhile. */
export async function measureAll(
  opened: OpenedTarget,
  plan: Plan,
  options: LoadOptions,
  ceilingPerSecond: number,
): Promise<Measured> {
  const { target } = opened
  const { seed, signal, timeoutSeconds, onProgress } = options
  const length = plan.seconds === null ? null : { seconds: plan.seconds }
  const shared = { target, length, timeoutMs: timeoutSeconds * 1000, signal }
  const progressOf = (stage: string) => (share: number) => onProgress?.({ stage, done: Math.round(share * 100), of: 100 })
  const measured: MeasuredPoint[] = []
  for (const clients of options.clients)
    measured.push(
      await counted(
        opened,
        () => measureClosed({ ...shared, seed, clients, onProgress: progressOf(`${clients} clients`) }),
        shared,
      ),
    )
  for (const ratePerSecond of plan.objective === null ? plan.rates : []) {
    const onProgress = progressOf(`${ratePerSecond} requests/s`)
    const run = { ...shared, seed, arrivals: plan.arrivals, ratePerSecond, onProgress }
    measured.push(withinCeilingOf(await counted(opened, () => measurePoint(run), shared), ceilingPerSecond))
  }
  if (plan.objective === null) return { measured, found: null, search: null }
  return search(opened, { ...plan, objective: plan.objective, ceilingPerSecond }, options)
}

const withinCeilingOf = (one: MeasuredPoint, ceilingPerSecond: number): MeasuredPoint => ({
  ...one,
  point: withinCeiling(one.point, ceilingPerSecond),
})

/** Those in which the run before left requests that nobody waits for any more. */
const unfinished = new WeakSet<OpenedTarget>()

/**
 * A run with what the server counted meanwhile, which begins when what the run before left is worked off. Throws InputError where the server was
 * started for the command and is gone.
 */
export async function counted(
  opened: OpenedTarget,
  run: () => Promise<MeasuredPoint>,
  { timeoutMs, signal }: Omit<DrainPlan, 'target'>,
): Promise<MeasuredPoint> {
  if (unfinished.delete(opened)) await drained({ target: opened.target, timeoutMs, signal })
  await opened.facts()
  const { point, ...rest } = await run()
  const server = await opened.facts()
  opened.check()
  // Else every answer was waited for.
  if (point.saturated || point.timedOut > 0) unfinished.add(opened)
  const parts = opened.setup === null || point.parts === null ? point.parts : asOwn(point.parts)
  const own = { ...point, parts, server }
  return { ...rest, point: { ...own, laws: [...(point.laws ?? []), ...lawsOfServer(own, server, opened)] } }
}

function lawsOfServer(point: LoadPoint, server: LoadServerFacts | null, { setup }: Pick<OpenedTarget, 'setup'>) {
  if (setup === null) return []
  const laws = [utilisationLaw(point, server, setup.workers), throughputBound(point, server, setup.workers)]
  return laws.filter((law) => law !== null)
}

/** A run of a search has so many requests, within these times; where a percentile takes more, up to `slowSeconds`. */
const SEARCH = { requests: 4000, leastSeconds: 5, mostSeconds: 30, slowSeconds: 300 } as const
/** One request after another, for so long; longer where a server is so slow that fewer than `requests` are measured. */
const ALONE = { seconds: 3, requests: 3, growth: 4, mostSeconds: 60 } as const
/** With so many times the requests over the bound that a run may have, it cannot hold any more. */
const HOPELESS = 4

interface SearchPlan extends Plan {
  readonly objective: Objective
  readonly ceilingPerSecond: number
}

async function search(opened: OpenedTarget, plan: SearchPlan, options: LoadOptions): Promise<Measured> {
  const { target } = opened
  const { objective, arrivals } = plan
  const { signal, onProgress } = options
  const timeoutMs = options.timeoutSeconds * 1000
  const measured: MeasuredPoint[] = []
  const secondsAt = (ratePerSecond: number) => runSeconds(plan, ratePerSecond)
  const run: SearchRun = async (ratePerSecond, seed, stage) => {
    const at = ratePerSecond === null ? 'alone' : `${stage} ${ratePerSecond.toPrecision(3)} requests/s`
    onProgress?.({ stage: at, done: 0, of: 1 })
    if (ratePerSecond === null) return alone(opened, plan, { target, seed, timeoutMs, signal })
    const full = secondsAt(ratePerSecond)
    const seconds = stage === 'bracket' ? Math.max(Math.min(full, SEARCH.leastSeconds / 2), full / 2) : full
    const budget = objective.share === null ? Number.POSITIVE_INFINITY : (1 - objective.share) * seconds * ratePerSecond
    const enough = (latencies: Float64Array) => judge(objective, latencies).over > HOPELESS * Math.max(10, budget)
    const { mostErrors: mostRefused } = objective
    const asked = { target, arrivals, ratePerSecond, length: { seconds }, seed, timeoutMs, signal, enough, mostRefused }
    const one = withinCeilingOf(await counted(opened, () => measurePoint(asked), asked), plan.ceilingPerSecond)
    const { latencies, sinceSent, point } = one
    const isBelow = judge(objective, latencies).held
    const held = isBelow && point.keepsUp === true
    measured.push({ ...one, point: { ...point, held } })
    // In time it would have held: that it did not is the generator's.
    const limited = isLimited(point) || (!isBelow && !point.saturated && judge(objective, sinceSent).held)
    return { latencies, saturated: point.saturated, limited, isUnclear: point.keepsUp === null }
  }
  const { found, search: searched } = await searchRate(objective, { run, secondsAt }, options.seed, plan.rates[0] ?? null)
  const byRate = [...measured].sort((a, b) => a.point.offeredPerSecond! - b.point.offeredPerSecond!)
  return { measured: byRate, found, search: searched }
}

function runSeconds({ seconds, objective }: SearchPlan, ratePerSecond: number): number {
  if (seconds !== null) return seconds
  const usual = Math.max(SEARCH.leastSeconds, Math.min(SEARCH.mostSeconds, SEARCH.requests / ratePerSecond))
  // Rounded up, since a run has the rate's requests rounded.
  return Math.max(usual, Math.min(SEARCH.slowSeconds, (leastFor(objective) + 1) / ratePerSecond))
}

/** One request after another, until some are measured. */
async function alone(
  opened: OpenedTarget,
  { seconds: given }: Pick<Plan, 'seconds'>,
  asked: Pick<ClosedPlan, 'target' | 'seed' | 'timeoutMs' | 'signal'>,
): Promise<SearchSample> {
  let seconds = Math.min(given ?? ALONE.seconds, ALONE.seconds)
  for (;;) {
    const { latencies } = await measureClosed({ ...asked, clients: 1, length: { seconds } })
    opened.check()
    if (latencies.length >= ALONE.requests || seconds >= ALONE.mostSeconds) return { latencies, saturated: false, limited: false }
    seconds = Math.min(ALONE.mostSeconds, seconds * ALONE.growth)
  }
}
