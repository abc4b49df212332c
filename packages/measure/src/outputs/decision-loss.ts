// How much accuracy a change can have lost, from decisions on the same rows: those that were right and are wrong now, and the other way
// round. Exact intervals of both counts (Clopper and Pearson), and of their difference by the squares of their reaches (MOVER; Newcombe,
// Statistics in Medicine 17, 1998, method 10 without the correlation, which makes it wider).

/** Counts of the rows that a metric was computed on. */
export interface DecisionCounts {
  readonly rows: number
  /** Right before and wrong after. */
  readonly worse: number
  /** Wrong before and right after. */
  readonly better: number
}

/** Chance that the loss is larger than reported. */
const EXCEEDED = 0.05

/** The accuracy that may have been lost, 0..1: with 95 % confidence no more. */
export function largestLoss({ rows, worse, better }: DecisionCounts): number {
  if (rows === 0) return 1
  const [up, down] = [highest(worse, rows) - worse / rows, better / rows - lowest(better, rows)]
  return (worse - better) / rows + Math.hypot(up, down)
}

/** Fewest rows that can hold the limit, where not one decision differs. */
export const rowsFor = (limit: number): number => Math.ceil(Math.log(EXCEEDED) / Math.log(1 - limit))

/** The share above which so few would be seen in one case in twenty. */
const highest = (count: number, rows: number): number =>
  count === rows ? 1 : solve((share) => atMost(count, rows, share) > EXCEEDED)

const lowest = (count: number, rows: number): number => 1 - highest(rows - count, rows)

/** Where `holds` ends to be true, which it is at 0 and not at 1. */
function solve(holds: (share: number) => boolean): number {
  let [low, high] = [0, 1]
  for (let step = 0; step < 50; step++) {
    const middle = (low + high) / 2
    if (holds(middle)) low = middle
    else high = middle
  }
  return high
}

/** Binomial; terms by logarithm, which do not vanish. */
function atMost(count: number, rows: number, share: number): number {
  let log = rows * Math.log1p(-share)
  let sum = Math.exp(log)
  for (let k = 0; k < count; k++) {
    log += Math.log(((rows - k) / (k + 1)) * (share / (1 - share)))
    sum += Math.exp(log)
  }
  return sum
}
