// The arrivals of a point once more, of a server that is met otherwise.

import type { LoadPoint } from '@whyslow/report/documents/load.ts'
import { measurePoint } from '../../load/measure.ts'
import type { OpenedTarget } from './opened-target.ts'
import type { LoadOptions } from './options.ts'
import type { Plan } from './plan.ts'
import { runWithServerCounters } from './server-counters.ts'

export interface AsBefore {
  readonly plan: Pick<Plan, 'arrivals'>
  readonly options: Pick<LoadOptions, 'seed' | 'signal' | 'timeoutSeconds'>
}

/** `before`: of an open loop. Throws InputError if the server was this program's own and is gone. */
export async function remeasure(before: LoadPoint, opened: OpenedTarget, { plan, options }: AsBefore): Promise<LoadPoint> {
  const { seed, signal, timeoutSeconds } = options
  const asked = {
    target: opened.target,
    arrivals: plan.arrivals,
    ratePerSecond: before.offeredPerSecond!,
    length: { seconds: before.seconds },
    seed,
    signal,
    timeoutMs: timeoutSeconds * 1000,
  }
  return (await runWithServerCounters(opened, () => measurePoint(asked), asked)).point
}
