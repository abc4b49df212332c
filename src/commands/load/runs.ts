// The runs of a command: one for each rate or number of clients, or those of a search.
import { throughputBound, utilisationLaw } from '../../load/laws.ts'
import { type MeasuredPoint, measureClosed, measurePoint } from '../../load/measure.ts'
import { judge, type Objective } from '../../load/objective.ts'
import { asOwn } from '../../load/parts.ts'
import { type SearchRun, searchRate } from '../../load/search.ts'
import type { LoadFound, LoadPoint, LoadSearch, LoadServerFacts } from '../../report/documents/load.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import type { Plan } from './plan.ts'

export interface Measured {
  readonly measured: readonly MeasuredPoint[]
  readonly found: LoadFound | null
  readonly search: LoadSearch | null
}

/** Throws InputError where the server under test ends meanwhile. */
export async function measureAll(opened: OpenedTarget, plan: Plan, options: LoadOptions): Promise<Measured> {
  const { target } = opened
  const { seed, signal, timeoutSeconds, onProgress } = options
  const length = plan.seconds === null ? null : { seconds: plan.seconds }
  const shared = { target, length, timeoutMs: timeoutSeconds * 1000, signal }
  const progressOf = (stage: string) => (share: number) => onProgress?.({ stage, done: Math.round(share * 100), of: 100 })
  const measured: MeasuredPoint[] = []
  for (const clients of options.clients)
    measured.push(
      await counted(opened, () => measureClosed({ ...shared, seed, clients, onProgress: progressOf(`${clients} clients`) })),
    )
  for (const ratePerSecond of plan.objective === null ? plan.rates : []) {
    const onProgress = progressOf(`${ratePerSecond} requests/s`)
    const run = { ...shared, seed, arrivals: plan.arrivals, ratePerSecond, onProgress }
    measured.push(await counted(opened, () => measurePoint(run)))
  }
  if (plan.objective === null) return { measured, found: null, search: null }
  return search(opened, { ...plan, objective: plan.objective }, options)
}

/** A run with what the server counted meanwhile. Throws InputError where it was started for the command and is gone. */
export async function counted(opened: OpenedTarget, run: () => Promise<MeasuredPoint>): Promise<MeasuredPoint> {
  await opened.facts()
  const { point, ...rest } = await run()
  const server = await opened.facts()
  opened.check()
  const parts = opened.setup === null || point.parts === null ? point.parts : asOwn(point.parts)
  const own = { ...point, parts, server }
  return { ...rest, point: { ...own, laws: [...(point.laws ?? []), ...lawsOfServer(own, server, opened)] } }
}

function lawsOfServer(point: LoadPoint, server: LoadServerFacts | null, { setup }: Pick<OpenedTarget, 'setup'>) {
  if (setup === null) return []
  const laws = [utilisationLaw(point, server, setup.workers), throughputBound(point, server, setup.workers)]
  return laws.filter((law) => law !== null)
}

/** A run of a search has so many requests, within these times. */
const SEARCH = { requests: 4000, leastSeconds: 5, mostSeconds: 30, aloneSeconds: 3 } as const
/** With so many times the requests over the bound that a run may have, it cannot hold any more. */
const HOPELESS = 4

async function search(opened: OpenedTarget, plan: Plan & { objective: Objective }, options: LoadOptions): Promise<Measured> {
  const { target } = opened
  const { objective, arrivals } = plan
  const { signal, onProgress } = options
  const timeoutMs = options.timeoutSeconds * 1000
  const measured: MeasuredPoint[] = []
  const run: SearchRun = async (ratePerSecond, seed, stage) => {
    onProgress?.({
      stage: ratePerSecond === null ? 'alone' : `${stage} ${ratePerSecond.toPrecision(3)} requests/s`,
      done: 0,
      of: 1,
    })
    if (ratePerSecond === null) {
      const length = { seconds: Math.min(plan.seconds ?? SEARCH.aloneSeconds, SEARCH.aloneSeconds) }
      const one = await measureClosed({ target, clients: 1, seed, length, timeoutMs, signal })
      opened.check()
      return { latencies: one.latencies, saturated: false }
    }
    const full = plan.seconds ?? Math.min(SEARCH.mostSeconds, Math.max(SEARCH.leastSeconds, SEARCH.requests / ratePerSecond))
    const seconds = stage === 'bracket' ? Math.max(Math.min(full, SEARCH.leastSeconds / 2), full / 2) : full
    const budget = objective.share === null ? Number.POSITIVE_INFINITY : (1 - objective.share) * seconds * ratePerSecond
    const enough = (latencies: Float64Array) => judge(objective, latencies).over > HOPELESS * Math.max(10, budget)
    const asked = { target, arrivals, ratePerSecond, length: { seconds }, seed, timeoutMs, signal, enough }
    const one = await counted(opened, () => measurePoint(asked))
    measured.push({ ...one, point: { ...one.point, held: judge(objective, one.latencies).held && !one.point.saturated } })
    return { latencies: one.latencies, saturated: one.point.saturated }
  }
  const { found, search: searched } = await searchRate(objective, run, options.seed, plan.rates[0] ?? null)
  const byRate = [...measured].sort((a, b) => a.point.offeredPerSecond! - b.point.offeredPerSecond!)
  return { measured: byRate, found, search: searched }
}
