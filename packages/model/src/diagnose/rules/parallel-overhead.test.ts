import { checkRule } from '../../../test/support/diagnose/check-rule.ts'
import { clearAlone, isolatedCase, isolatedFindings } from '../../../test/support/diagnose/example-alone.ts'
import { parallelOverhead } from './parallel-overhead.ts'

const given = { opTypes: ['Relu'], copies: 2, variant: { kind: 'one-thread', remedy: null } } as const

checkRule(parallelOverhead, {
  found: [
    {
      name: 'fewer threads as the way out',
      given: isolatedCase(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /fewer threads are faster/ },
    },
    ...isolatedFindings(given),
  ],
  clear: [
    { name: 'one thread takes longer', given: isolatedCase(given, { change: { ratio: 1.5 } }) },
    ...clearAlone(given, 'four-samples'),
  ],
})
