// Times predictions of growing numbers of rows on the server's own workers before it is ready: all of them at once, as under load, and the
// sizes in turns, so that a machine that changes meanwhile changes them all.
import type { Feeds } from '@whyslow/measure/engines/types.ts'
import { median } from '@whyslow/measure/statistics/index.ts'
import type { BatchCost } from './batch-cost.ts'
import { rowsOf } from './batches.ts'
import type { Server } from './dispatcher.ts'
import { RequestError } from './protocol.ts'

const MOST_REQUESTS = 32
const ROUNDS = { least: 3, most: 25, withinMs: 1000 } as const
/** A row costs so much more than at the best size: larger ones are beyond the caches, and are not tried. */
const UPTURN = 1.15

/** The fewest rows first. `requests`: some that the model takes, of as many rows each; joined in turns, each a copy of its own. */
export async function measureBatchCosts(
  servers: readonly Server[],
  requests: readonly Feeds[],
  nowMs: () => number,
): Promise<readonly BatchCost[]> {
  const rows = rowsOf(requests[0]!)!
  const copies: Feeds[] = []
  const timed = async (size: number): Promise<readonly number[]> => {
    // What is the same object is copied once, however often it is in a message.
    while (copies.length < size) copies.push(structuredClone(requests[copies.length % requests.length]!))
    const together = copies.slice(0, size)
    return Promise.all(
      servers.map(async (server) => {
        const from = nowMs()
        await server.predict(together)
        return nowMs() - from
      }),
    )
  }
  const sizes = await sizesWorthTiming(timed)
  const all = new Map<number, number[]>(sizes.map((size) => [size, []]))
  const from = nowMs()
  for (let round = 0; round < ROUNDS.most; round++) {
    if (round >= ROUNDS.least && nowMs() - from > ROUNDS.withinMs) break
    for (const size of sizes) all.get(size)!.push(...(await timed(size)))
  }
  return sizes.map((size) => ({ rows: size * rows, ms: median(all.get(size)!) }))
}

/** Doubled until a row costs more again, or the engine refuses. Each is predicted twice: the first time with a size is slow. */
async function sizesWorthTiming(timed: (requests: number) => Promise<readonly number[]>): Promise<readonly number[]> {
  const sizes: number[] = []
  let best = Number.POSITIVE_INFINITY
  for (let size = 1; size <= MOST_REQUESTS; size *= 2) {
    try {
      await timed(size)
      const each = median(await timed(size)) / size
      sizes.push(size)
      if (each > UPTURN * best) break
      best = Math.min(best, each)
    } catch (error) {
      if (size === 1 || !(error instanceof RequestError)) throw error
      break
    }
  }
  return sizes
}
