// Evidence of operators alone for the tests of the rules that go by one change to them, and what all of these have to hold.

import type { OperatorVariant } from '@whyslow/measure/timing/operators/types.ts'
import type { AnalyzedEvidence } from '../../../src/analyze/analyzed-evidence.ts'
import { evidence, experiments, type OperatorNote } from './example-evidence.ts'

/** Operators, each of 1 ms within the model and alone, and the change that a rule is about. */
export interface AloneCase {
  readonly opTypes: readonly string[]
  readonly copies: number
  readonly variant: Pick<OperatorVariant, 'kind' | 'remedy'>
}

/** With the change at half of its time, in a prediction of 10 ms; `row` and `change` say otherwise. */
export function isolatedCase(
  { opTypes, copies, variant }: AloneCase,
  { p50Ms = 10, row = {}, change = {} }: { p50Ms?: number; row?: Partial<OperatorNote>; change?: Partial<OperatorVariant> } = {},
): AnalyzedEvidence {
  const variants = [{ ...variant, ratio: 0.5, ...change }]
  const one = { opTypes, nodes: ['a', 'b'], copies, insideMs: 1, aloneMs: 1, variants, ...row }
  return evidence({ p50Ms, operatorExperiments: experiments([one]) })
}

export const isolatedFindings = (given: AloneCase) => [
  {
    name: 'half of its time with the change',
    given: isolatedCase(given),
    expect: {
      wouldSaveMs: given.copies / 2,
      timeMs: given.copies,
      basis: 'measured' as const,
      area: 'software' as const,
      nodes: ['a', 'b'],
    },
  },
  {
    name: 'within the model it takes twice as long, for reasons that the change was not shown to cure',
    given: isolatedCase(given, { row: { insideMs: 2 } }),
    expect: { wouldSaveMs: given.copies / 2, timeMs: 2 * given.copies },
  },
]

/** `other`: a change that is another rule's. */
export const clearAlone = (given: AloneCase, other: OperatorVariant['kind']) => [
  { name: 'a ratio whose interval reaches 1', given: isolatedCase(given, { change: { ratio: 0.8, ratioHigh: 1.01 } }) },
  { name: 'another change helps', given: isolatedCase(given, { change: { kind: other, remedy: null } }) },
  { name: 'too small a part of the p50', given: isolatedCase(given, { p50Ms: 200 }) },
]
