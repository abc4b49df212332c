// The runs of a command: one for each rate or number of clients, or those of a search.
import { type MeasuredPoint, measureClosed, measurePoint } from '../../load/measure.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import { type Plan, streamPlanOf } from './plan.ts'
import { type RateSearchResult, search } from './search-runs.ts'
import { pointWithinCeiling, runWithServerCounters } from './server-counters.ts'

/** Throws InputError if the server under test ends meanwhile. */
export async function measureAll(
  opened: OpenedTarget,
  plan: Plan,
  options: LoadOptions,
  ceilingPerSecond: number,
): Promise<RateSearchResult> {
  const { target } = opened
  const { seed, signal, timeoutSeconds, onProgress, generate } = options
  const length = plan.seconds === null ? null : { seconds: plan.seconds }
  const ofStreams = streamPlanOf(plan)
  const sending = generate === undefined ? {} : { generate }
  const shared = { target, length, timeoutMs: timeoutSeconds * 1000, signal, ...ofStreams, ...sending }
  const progressOf = (stage: string) => (share: number) => onProgress?.({ stage, done: Math.round(share * 100), of: 100 })
  const measured: MeasuredPoint[] = []
  for (const clients of options.clients)
    measured.push(
      await runWithServerCounters(
        opened,
        () => measureClosed({ ...shared, seed, clients, onProgress: progressOf(`${clients} clients`) }),
        shared,
      ),
    )
  for (const ratePerSecond of plan.objective === null ? plan.rates : []) {
    const onProgress = progressOf(`${ratePerSecond} requests/s`)
    const run = { ...shared, seed, arrivals: plan.arrivals, ratePerSecond, onProgress }
    measured.push(pointWithinCeiling(await runWithServerCounters(opened, () => measurePoint(run), shared), ceilingPerSecond))
  }
  if (plan.objective === null) return { measured, found: null, search: null }
  return search(opened, { ...plan, objective: plan.objective, ceilingPerSecond }, options)
}
