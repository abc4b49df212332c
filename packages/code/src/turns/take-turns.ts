// Which of two implementations is faster? Both run in processes of their own that are alive together, one of them working at a time, in blocks
// A B B A; what changes on the machine meets both. The ratio is taken within a pair of processes, the interval over pairs, since what differs
// from one process to the next (layout of memory, seeds of hashes, which code is optimized) is the larger part of the noise: blocks of one
// process say less of it the more there are. Both start again for every pair.
import { geometricMean, median } from '@whyslow/measure/statistics/index.ts'
import type { Contestant, TimeRequest } from './contestant.ts'

/** What one pair of processes gave, ms of one pass over the samples. */
export interface Pair {
  readonly aMs: number
  readonly bMs: number
}

/** The second one's time over the first one's, pair by pair. */
export const ratiosOf = (pairs: readonly Pair[]): number[] => pairs.map(({ aMs, bMs }) => bMs / aMs)

/** How one pair is measured. */
export interface TurnsPlan {
  readonly time: TimeRequest
  /** Before the first block of each. */
  readonly warmUp: TimeRequest
  /** Which one begins. */
  readonly first: 'a' | 'b'
  /** How long one answer may take. */
  readonly limitMs: number
  /** Waits until the other one rests. */
  readonly rest: (idle: Contestant) => Promise<void>
}

/** Both are ready to be timed. */
export async function measurePair(
  a: Contestant,
  b: Contestant,
  { time, warmUp, first, limitMs, rest }: TurnsPlan,
): Promise<Pair> {
  const [one, other] = first === 'a' ? [a, b] : [b, a]
  const times = new Map<Contestant, number[]>([
    [one, []],
    [other, []],
  ])
  const block = async (turn: Contestant, request: TimeRequest): Promise<number> => {
    await rest(turn === a ? b : a)
    return median((await turn.ask(request, limitMs)).passMs)
  }
  for (const turn of [one, other]) await block(turn, warmUp)
  for (const turn of [one, other, other, one]) times.get(turn)!.push(await block(turn, time))
  return { aMs: geometricMean(times.get(a)!), bMs: geometricMean(times.get(b)!) }
}
