import { checkRule } from '../../../test/support/diagnose/check-rule.ts'
import { clearAlone, isolatedCase, isolatedFindings } from '../../../test/support/diagnose/example-alone.ts'
import { slowBroadcast } from './slow-broadcast.ts'

const given = { opTypes: ['Mul'], copies: 2, variant: { kind: 'spread-operands', remedy: null } } as const

checkRule(slowBroadcast, {
  found: [
    {
      name: 'where the operand could go',
      given: isolatedCase(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /Fold the operand into a neighbour/ },
    },
    ...isolatedFindings(given),
  ],
  clear: [
    { name: 'operands written out take longer', given: isolatedCase(given, { change: { ratio: 1.5 } }) },
    ...clearAlone(given, 'four-samples'),
  ],
})
