// Which of two implementations is faster? Both run in processes of their own that are alive together, one of them working at a time, in blocks
// A B B A; what changes on the machine meets both. The ratio is taken within a pair of processes, the interval over pairs, since what differs
// from one process to the next (layout of memory, seeds of hashes, which code is optimized) is the larger part of the noise: blocks of one
// process say less of it the more there are. Both start again for every pair.
import { type Interval, logInterval, median } from '../../measure/timing/statistics.ts'
import type { Contestant, TimeRequest } from './contestant.ts'

export type Verdict = 'faster' | 'slower' | 'no-difference'

/** What one pair of processes gave, ms of one pass over the samples. */
export interface Pair {
  readonly aMs: number
  readonly bMs: number
}

export interface Decision {
  /** Of the second one: 'faster' than the first. */
  readonly verdict: Verdict
  /** The second one's time over the first one's, with its interval over pairs. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

/**
 * Level of the interval, percent. Of two hundred comparisons of a program with itself one is expected outside it, and more than three in
 * fewer than two of a hundred such series; with `LEAST_DIFFERENCE` fewer still.
 */
export const LEVEL = 99.5
/** A ratio nearer to 1 than this is worth nobody's change, and is where what is not random about two processes lies. */
export const LEAST_DIFFERENCE = 0.01
/** Pairs below which no interval decides. */
export const LEAST_PAIRS = 4

/** Three answers. Pairs that point either way decide nothing, however narrow their interval. */
export function decide(pairs: readonly Pair[]): Decision {
  const ratios = pairs.map(({ aMs, bMs }) => bMs / aMs)
  const { low, high }: Interval = logInterval(ratios, LEVEL)
  const ratio = median(ratios)
  const apart = pairs.length >= LEAST_PAIRS && Math.abs(Math.log(ratio)) >= Math.log1p(LEAST_DIFFERENCE)
  const faster = apart && high < 1 && agree(ratios, (one) => one < 1)
  const slower = apart && low > 1 && agree(ratios, (one) => one > 1)
  return { verdict: faster ? 'faster' : slower ? 'slower' : 'no-difference', ratio, ratioLow: low, ratioHigh: high }
}

/** One wild pair in eight is forgiven. */
const agree = (ratios: readonly number[], side: (ratio: number) => boolean): boolean =>
  ratios.filter((one) => !side(one)).length <= Math.floor(ratios.length / 8)

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
  return { aMs: centre(times.get(a)!), bMs: centre(times.get(b)!) }
}

/** Geometric mean, as ratios ask for. */
const centre = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, one) => sum + Math.log(one), 0) / values.length)
