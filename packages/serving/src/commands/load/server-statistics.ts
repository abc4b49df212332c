// The statistics of another server, requested during runs: with a limit of their own, and no more once they were not told, so that runs do not
// wait for them.
import type { ModelStatistics } from '../../load/statistics.ts'
import type { OpenedTarget } from './opened-target.ts'

const LIMIT_MS = 1000

/** Asks once: a server that does not tell them then has none. */
export async function readServerStatistics(
  ask: (timeoutMs: number) => Promise<ModelStatistics | null>,
): Promise<Pick<OpenedTarget, 'statistics'>> {
  let isTold = true
  const statistics = async () => {
    const told = isTold ? await ask(LIMIT_MS).catch(() => null) : null
    isTold = told !== null
    return told
  }
  return (await statistics()) === null ? {} : { statistics }
}
