// Which of two is faster: one experiment (both in turns, the ratio taken pair by pair), one interval and one decision, for every command.
import { INTERVAL_LEVEL, logInterval } from './intervals.ts'
import { average, median, sortAscending } from './order.ts'
import { studentT } from './student-t.ts'
import { turns } from './turns.ts'

/**
 * Two ways in turns (A B, B A, A B …), so that what changes on the machine meets both alike. `read` times one reading of a side;
 * `isEnough` is asked after each pair.
 */
export async function pairsInTurns(
  most: number,
  read: (side: 0 | 1) => number | Promise<number>,
  isEnough: (pairs: readonly (readonly [number, number])[]) => boolean = () => false,
): Promise<(readonly [number, number])[]> {
  const pairs: (readonly [number, number])[] = []
  while (pairs.length < most) {
    const times: [number, number] = [0, 0]
    for (const side of turns(2, pairs.length)) times[side as 0 | 1] = await read(side as 0 | 1)
    pairs.push(times)
    if (isEnough(pairs)) break
  }
  return pairs
}

export interface RatioInterval {
  /** Median, with its interval. */
  readonly ratio: number
  readonly ratioLow: number
  readonly ratioHigh: number
}

/** Interval of ratios that were taken pair by pair, or round by round. */
export function ratioOver(ratios: readonly number[], percent = INTERVAL_LEVEL): RatioInterval {
  const { low, high } = logInterval(ratios, percent)
  return { ratio: median(ratios), ratioLow: low, ratioHigh: high }
}

/** Below this many, what is cut off costs more certainty than wild values do. */
const LEAST_TRIMMED = 6
const TRIMMED_SHARE = 0.2

/**
 * As `ratioOver`, of rounds some of which others disturbed: from six on the interval is Student's t of the logarithms' trimmed mean (Yuen 1974:
 * a fifth cut off at either end, the variance of what is moved to the cuts), which one wild round in six hardly widens. If none is wild it is a tenth to a fifth wider.
 */
export function ratioOverRounds(ratios: readonly number[], percent = INTERVAL_LEVEL): RatioInterval {
  const n = ratios.length
  if (n < LEAST_TRIMMED) return ratioOver(ratios, percent)
  const logs = [...sortAscending(ratios.map(Math.log))]
  const cut = Math.floor(TRIMMED_SHARE * n)
  const kept = logs.slice(cut, n - cut)
  const mean = average(kept)
  const moved = logs.map((log) => Math.min(kept.at(-1)!, Math.max(kept[0]!, log)))
  const centre = average(moved)
  const squares = moved.reduce((sum, log) => sum + (log - centre) ** 2, 0)
  const half = studentT(percent, kept.length - 1) * Math.sqrt(squares / (kept.length * (kept.length - 1)))
  const ratio = median(ratios)
  return { ratio, ratioLow: Math.min(ratio, Math.exp(mean - half)), ratioHigh: Math.max(ratio, Math.exp(mean + half)) }
}

/** What pairs of two ways in turns come to: the ratio is of now over instead, above 1 if the other way is faster. */
export interface TurnTimes extends RatioInterval {
  readonly nowMs: number
  readonly insteadMs: number
}

/** Pairs in which a clock saw nothing of a side have no ratio. */
export function turnTimes(pairsMs: readonly (readonly [number, number])[]): TurnTimes {
  const seen = pairsMs.filter(([now, instead]) => now > 0 && instead > 0)
  return {
    nowMs: median(pairsMs.map(([now]) => now)),
    insteadMs: median(pairsMs.map(([, instead]) => instead)),
    ...ratioOverRounds(seen.map(([now, instead]) => now / instead)),
  }
}

/** The level of an answer, percent: of a hundred comparisons of something with itself, no more than one is told to differ. */
export const LEVEL = 99
/**
 * The smallest difference worth telling. What may gain less is not worth what a change may cost elsewhere, and where code and buffers
 * happen to be in memory moves a program by as much.
 */
export const LEAST_DIFFERENCE = 0.01
/** Fewer pairs than this decide nothing: by chance they may be as alike as a clock's steps. */
export const LEAST_PAIRS = 4
/** Fewest pairs of which the outermost are cut off: one process in ten is half as slow again for no reason of its own. */
const MANY_PAIRS = 12

export type Verdict = 'faster' | 'slower' | 'no-difference'

export interface Decision extends RatioInterval {
  /** The verdict on what the ratio compares. */
  readonly verdict: Verdict
}

/** The whole interval must be beyond the smallest difference. Swapping the two sides swaps the answer. */
export function verdictOf({ ratioLow, ratioHigh }: Omit<RatioInterval, 'ratio'>, least = LEAST_DIFFERENCE): Verdict {
  if (ratioHigh < 1 - least) return 'faster'
  return ratioLow > 1 / (1 - least) ? 'slower' : 'no-difference'
}

export interface DecisionPlan {
  /** Level of the interval, percent: lower only if a later step corrects it, higher if one answer takes several looks. */
  readonly level?: number
  /** What the change must gain, if it costs more than any change does. */
  readonly least?: number
  readonly leastPairs?: number
}

/** The answer of `ratios`, pair by pair: the time of one way over that of the other. */
export function decide(
  ratios: readonly number[],
  { level = LEVEL, least = LEAST_DIFFERENCE, leastPairs = LEAST_PAIRS }: DecisionPlan = {},
): Decision {
  const interval = ratios.length < MANY_PAIRS ? ratioOver(ratios, level) : ratioOverRounds(ratios, level)
  return { verdict: ratios.length < leastPairs ? 'no-difference' : verdictOf(interval, least), ...interval }
}
