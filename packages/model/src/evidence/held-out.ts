// Which of the user's samples choose (find ranges, choose layers, judge candidates), and which are held out for the proof. What some rows
// chose does better on them than on others, so a small loss there may be luck.
import { shuffledOrder } from '@whyslow/graph/random.ts'
import { type AllowedLoss, rowsFor } from '@whyslow/measure/outputs/index.ts'

/** Fewer rows choose badly, and more than these need not be kept from the proof. */
const LEAST_TO_CHOOSE = 100
/** Fewest samples in either part, however many rows one of them holds. */
const LEAST_SAMPLES = 8

export interface Parts {
  readonly choose: readonly number[]
  readonly prove: readonly number[]
}

/** How many rows can show that a loss is within what is allowed. If none is allowed, no number of rows is enough. */
export function rowsToProve(maxLoss: AllowedLoss, hasLabels: boolean): number {
  const limit = typeof maxLoss === 'number' ? maxLoss : hasLabels ? maxLoss.metric : maxLoss.top1
  // An error's limit is in its own unit, which may be above 1.
  return limit > 0 ? rowsFor(Math.min(limit, 0.5)) : Number.POSITIVE_INFINITY
}

/** How many rows there must be to hold `needed` of them out. */
export const rowsForBoth = (needed: number): number => needed + Math.min(needed, LEAST_TO_CHOOSE)

/** Holds out half of the rows, or as many as are needed, in an order of chance. null: too few for both. `rows`: in each sample. */
export function heldOut(rows: readonly number[], needed: number): Parts | null {
  const total = rows.reduce((sum, count) => sum + count, 0)
  if (total < rowsForBoth(needed)) return null
  const wanted = Math.max(needed, total / 2)
  const order = [...shuffledOrder(rows.length)]
  let [held, count] = [0, 0]
  while (held < wanted) held += rows[order[count++]!]!
  const [prove, choose] = [order.slice(0, count), order.slice(count)]
  if (Math.min(prove.length, choose.length) < LEAST_SAMPLES) return null
  const inOrder = (part: readonly number[]) => part.toSorted((a, b) => a - b)
  return { choose: inOrder(choose), prove: inOrder(prove) }
}
