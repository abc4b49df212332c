import { checkRule } from '../../../test/support/diagnose/check-rule.ts'
import { clearAlone, isolatedCase, isolatedFindings } from '../../../test/support/diagnose/example-alone.ts'
import { unfusedElementwise } from './unfused-elementwise.ts'

const given = { opTypes: ['Sub', 'Mul'], copies: 1, variant: { kind: 'one-pass', remedy: null } } as const

checkRule(unfusedElementwise, {
  found: [
    {
      name: 'both operators of the run',
      given: isolatedCase(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /Sub\+Mul/ },
    },
    ...isolatedFindings(given),
  ],
  clear: [
    { name: 'a single operator, of which one pass is all', given: isolatedCase(given, { row: { opTypes: ['Mul'] } }) },
    {
      name: 'the pieces of a normalization, which are of another finding',
      given: isolatedCase(given, { row: { opTypes: ['ReduceMean', 'Sub', 'Mul'] }, change: { kind: 'rewrite' } }),
    },
    {
      name: 'a product that quantizes what it reads, and what scales its sums',
      given: isolatedCase(given, {
        row: { opTypes: ['DynamicQuantizeLinear', 'MatMulInteger', 'Cast', 'Mul'] },
        change: { kind: 'rewrite' },
      }),
    },
    ...clearAlone(given, 'one-thread'),
  ],
})
