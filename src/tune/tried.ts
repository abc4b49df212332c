// What became of a candidate: the rows of the report's trials.

import { engineWordsOnNode } from '../engines/onnxruntime/facts/error-words.ts'
import type { Agreement } from '../measure/outputs/index.ts'
import type { Trial } from '../measure/timing/types.ts'
import { type Candidate, nameOf } from './candidates.ts'
import type { Judgement } from './judge.ts'

export interface Tried {
  /** Ids of the remedies that were changed against what was measured beside. */
  readonly remedies: readonly string[]
  /** With the variant: 'thread-count 1'. */
  readonly name: string
  readonly outcome: 'faster' | 'slower' | 'no-difference' | 'rejected' | 'failed'
  readonly kept: boolean
  readonly reason: string | null
  readonly judgement: Judgement | null
  readonly took: boolean | null
  readonly changes: readonly string[]
  readonly agreement: Agreement | null
  readonly sizeBytes: number | null
  /** before / after as it was expected before the trial; null where nothing was. */
  readonly predictedSpeedup: number | null
}

type Rest = Partial<Omit<Tried, 'remedies' | 'name' | 'changes'>>

export const tried = (candidate: Candidate, outcome: Tried['outcome'], reason: string | null, rest: Rest = {}): Tried => ({
  remedies: [candidate.remedy.id],
  name: nameOf(candidate),
  outcome,
  reason,
  kept: false,
  judgement: null,
  took: null,
  changes: candidate.proposal.changes,
  agreement: null,
  sizeBytes: null,
  predictedSpeedup: null,
  ...rest,
})

/** Why a trial gave no measurement. */
export function reasonOf(trial: Exclude<Trial<unknown>, { outcome: 'measured' }>): string {
  return trial.outcome === 'timed-out'
    ? `it did not end within ${Math.round(trial.limitMs / 1000)} s`
    : engineWordsOnNode(trial.reason)
}
