// Two ways to do the same, in turns: the ratio is taken pair by pair.
import { pairsInTurns, type TurnTimes, turnTimes } from '@whyslow/measure/statistics/index.ts'

const PAIRS = 9
/** Length of a reading, so that the clock's own cost is negligible. */
const READING_MS = 10
const MOST_REPEATS = 5000

/** What one way gives; a promise is waited for. */
export type TimedFunction = () => unknown

export async function inTurns(now: TimedFunction, instead: TimedFunction): Promise<TurnTimes> {
  const ways = [now, instead] as const
  const repeats = [await repeatsOf(now), await repeatsOf(instead)] as const
  return turnTimes(await pairsInTurns(PAIRS, (side) => reading(ways[side], repeats[side])))
}

async function repeatsOf(way: TimedFunction): Promise<number> {
  await reading(way, 1)
  const once = await reading(way, 3)
  return Math.max(1, Math.min(MOST_REPEATS, Math.floor(READING_MS / Math.max(once, 1e-4))))
}

async function reading(way: TimedFunction, repeats: number): Promise<number> {
  const start = performance.now()
  for (let k = 0; k < repeats; k++) {
    const given = way()
    if (given instanceof Promise) await given
  }
  return (performance.now() - start) / repeats
}
