// A run with what the server counted meanwhile.

import type { LoadPoint, LoadServerFacts } from '@whyslow/report/documents/load.ts'
import { limitToCeiling } from '../../load/generator-limit.ts'
import { throughputBound, utilisationLaw } from '../../load/laws.ts'
import type { MeasuredPoint } from '../../load/measure.ts'
import { asOwnServer } from '../../load/parts.ts'
import { statisticsBetween } from '../../load/statistics.ts'
import type { OpenedTarget } from './opened-target.ts'
import { type DrainPlan, waitUntilIdle } from './wait-until-idle.ts'

export const pointWithinCeiling = (one: MeasuredPoint, ceilingPerSecond: number): MeasuredPoint => ({
  ...one,
  point: limitToCeiling(one.point, ceilingPerSecond),
})

/** Those in which the run before left requests that nobody waits for any more. */
const unfinished = new WeakSet<OpenedTarget>()

/**
 * A run with what the server counted meanwhile, which begins when what the run before left is worked off. Throws InputError if the server was
 * started for the command and is gone.
 */
export async function runWithServerCounters(
  opened: OpenedTarget,
  run: () => Promise<MeasuredPoint>,
  { timeoutMs, signal }: Omit<DrainPlan, 'target'>,
): Promise<MeasuredPoint> {
  if (unfinished.delete(opened)) await waitUntilIdle({ target: opened.target, timeoutMs, signal })
  await opened.facts()
  const before = await opened.statistics?.()
  const { point, ...rest } = await run()
  const server = await opened.facts()
  const after = await opened.statistics?.()
  opened.check()
  // Else every answer was waited for.
  if (point.saturated || point.timedOut > 0) unfinished.add(opened)
  const parts = opened.setup === null || point.parts === null ? point.parts : asOwnServer(point.parts)
  const statistics = before && after ? statisticsBetween(before, after) : null
  const own = { ...point, parts, server, ...(statistics === null ? {} : { statistics }) }
  return { ...rest, point: { ...own, laws: [...(point.laws ?? []), ...lawsOfServer(own, server, opened)] } }
}

function lawsOfServer(point: LoadPoint, server: LoadServerFacts | null, { setup }: Pick<OpenedTarget, 'setup'>) {
  if (setup === null) return []
  const laws = [utilisationLaw(point, server, setup.workers), throughputBound(point, server, setup.workers)]
  return laws.filter((law) => law !== null)
}
