// What became of a candidate: the rows of the report's trials.

import type { Agreement } from '@whyslow/measure/outputs/index.ts'
import type { Judgement } from './bench.ts'
import { type CandidateName, nameOf } from './candidates.ts'

export interface TriedRemedy {
  /** Ids of the remedies that were changed against what was measured with them. */
  readonly remedies: readonly string[]
  /** Name with the variant: 'thread-count 1'. */
  readonly name: string
  readonly outcome: 'faster' | 'slower' | 'no-difference' | 'rejected' | 'failed'
  readonly kept: boolean
  readonly reason: string | null
  readonly judgement: Judgement | null
  readonly took: boolean | null
  readonly changes: readonly string[]
  readonly agreement: Agreement | null
  readonly sizeBytes: number | null
  /** before / after as it was expected before the trial; null if nothing was. */
  readonly predictedSpeedup: number | null
  /** before / after in a first look, after which it was not judged; null if it was, or was not looked at. */
  readonly lookedSpeedup: number | null
  /** Why the user does not want it, though it was faster in a first look; absent: nothing is against it. */
  readonly refused?: string
}

type Rest = Partial<Omit<TriedRemedy, 'remedies' | 'name' | 'changes'>>

export const trialResult = (
  candidate: CandidateName,
  outcome: TriedRemedy['outcome'],
  reason: string | null,
  rest: Rest = {},
): TriedRemedy => ({
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
  lookedSpeedup: null,
  ...rest,
})
