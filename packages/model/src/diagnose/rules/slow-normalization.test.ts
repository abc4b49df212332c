import { checkRule } from '../../../test/support/diagnose/check-rule.ts'
import { clearAlone, isolatedCase, isolatedFindings } from '../../../test/support/diagnose/example-alone.ts'
import { slowNormalization } from './slow-normalization.ts'

const given = { opTypes: ['InstanceNormalization'], copies: 2, variant: { kind: 'rewrite', remedy: 'softmax-of-two' } } as const

checkRule(slowNormalization, {
  found: [
    {
      name: 'the remedy by name',
      given: isolatedCase(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /by softmax-of-two/ },
    },
    {
      name: 'in pieces',
      given: isolatedCase(given, { row: { opTypes: ['ReduceMean', 'Sub', 'Mul', 'ReduceMean', 'Sqrt', 'Div'] } }),
      expect: { detail: /ReduceMean\+Sub\+Mul\+Sqrt\+Div \(.*\) takes .* by softmax-of-two/ },
    },
    {
      name: 'no command where nothing but a batch makes it faster',
      given: isolatedCase(given, { change: { kind: 'four-samples', remedy: null } }),
      expect: { next: null, detail: /more samples in one call/ },
    },
    ...isolatedFindings(given),
  ],
  clear: [
    { name: 'an operator that normalizes nothing', given: isolatedCase(given, { row: { opTypes: ['Conv'] } }) },
    {
      name: 'the softmax of an attention, with its products',
      given: isolatedCase(given, { row: { opTypes: ['MatMul', 'Softmax', 'MatMul'] } }),
    },
    { name: 'a mean alone', given: isolatedCase(given, { row: { opTypes: ['ReduceMean'] } }) },
    {
      name: 'a Relu in its place, which gives other numbers',
      given: isolatedCase(given, { change: { kind: 'relu', remedy: null } }),
    },
    ...clearAlone(given, 'one-thread'),
  ],
})
