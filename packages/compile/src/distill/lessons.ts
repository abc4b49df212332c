// What students learn from.
import type { TabularModel } from '@whyslow/graph/forest/types.ts'
import { logistic } from './loss.ts'

export interface Lessons {
  readonly teacher: TabularModel
  /** Rows × features, in the teacher's number type. */
  readonly rows: Float32Array | Float64Array
  readonly count: number
  /** The teacher's score of each row. */
  readonly scores: Float64Array
  /** True where the score is the log odds of two classes. */
  readonly isLogOdds: boolean
}

/** What is fitted: probabilities, or the scores themselves. */
export function targetOf({ scores, isLogOdds }: Lessons): Float64Array {
  return isLogOdds ? scores.map(logistic) : scores
}
