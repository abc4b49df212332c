// Two ways to do the same, in turns: the ratio is taken pair by pair.
import { median } from '../../statistics/order.ts'
import { pairsInTurns, ratioOver } from '../../statistics/ratios.ts'
import type { AlternativeFact } from '../facts.ts'

const PAIRS = 9
/** One reading takes so long, so that the clock's own cost is nothing beside it. */
const READING_MS = 10
const MOST_REPEATS = 5000

/** What one way gives; a promise is waited for. */
export type Way = () => unknown

export type Turns = Pick<AlternativeFact, 'nowMs' | 'insteadMs' | 'ratio' | 'ratioLow' | 'ratioHigh'>

export async function inTurns(now: Way, instead: Way): Promise<Turns> {
  const ways = [now, instead] as const
  const repeats = [await repeatsOf(now), await repeatsOf(instead)] as const
  const pairs = await pairsInTurns(PAIRS, (side) => reading(ways[side], repeats[side]))
  return {
    nowMs: median(pairs.map(([before]) => before)),
    insteadMs: median(pairs.map(([, after]) => after)),
    ...ratioOver(pairs.map(([before, after]) => before / after)),
  }
}

async function repeatsOf(way: Way): Promise<number> {
  await reading(way, 1)
  const once = await reading(way, 3)
  return Math.max(1, Math.min(MOST_REPEATS, Math.floor(READING_MS / Math.max(once, 1e-4))))
}

async function reading(way: Way, repeats: number): Promise<number> {
  const start = performance.now()
  for (let k = 0; k < repeats; k++) {
    const given = way()
    if (given instanceof Promise) await given
  }
  return (performance.now() - start) / repeats
}
