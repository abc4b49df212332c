import { checkRule } from '../check-rule.ts'
import { alone, clearAlone, foundAlone } from '../example-alone.ts'
import { unfusedElementwise } from './unfused-elementwise.ts'

const given = { opTypes: ['Sub', 'Mul'], copies: 1, variant: { kind: 'one-pass', remedy: null } } as const

checkRule(unfusedElementwise, {
  found: [
    {
      name: 'both operators of the run',
      given: alone(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /Sub\+Mul/ },
    },
    ...foundAlone(given),
  ],
  clear: [
    { name: 'a single operator, of which one pass is all', given: alone(given, { row: { opTypes: ['Mul'] } }) },
    {
      name: 'the pieces of a normalization, which are of another finding',
      given: alone(given, { row: { opTypes: ['ReduceMean', 'Sub', 'Mul'] }, change: { kind: 'rewrite' } }),
    },
    {
      name: 'a product that quantizes what it reads, and what scales its sums',
      given: alone(given, {
        row: { opTypes: ['DynamicQuantizeLinear', 'MatMulInteger', 'Cast', 'Mul'] },
        change: { kind: 'rewrite' },
      }),
    },
    ...clearAlone(given, 'one-thread'),
  ],
})
