import { checkRule } from '../check-rule.ts'
import { alone, clearAlone, foundAlone } from '../example-alone.ts'
import { inefficientKernels } from './inefficient-kernels.ts'

const given = { opTypes: ['Conv'], copies: 2, variant: { kind: 'four-samples', remedy: null } } as const

checkRule(inefficientKernels, {
  found: [
    {
      name: 'no command where no remedy is known',
      given: alone(given),
      expect: { next: null, detail: /More samples in one call/ },
    },
    {
      name: 'fix where a rewrite is faster',
      given: alone(given, { change: { kind: 'rewrite', remedy: 'narrow-convolutions' } }),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /by narrow-convolutions/ },
    },
    ...foundAlone(given),
  ],
  clear: [
    { name: 'a normalization, which is another finding', given: alone(given, { row: { opTypes: ['LayerNormalization'] } }) },
    ...clearAlone(given, 'one-thread'),
  ],
})
