import { checkRule } from '../check-rule.ts'
import { alone, clearAlone, foundAlone } from '../example-alone.ts'
import { parallelOverhead } from './parallel-overhead.ts'

const given = { opTypes: ['Relu'], copies: 2, variant: { kind: 'one-thread', remedy: null } } as const

checkRule(parallelOverhead, {
  found: [
    {
      name: 'fewer threads as the way out',
      given: alone(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /fewer threads are faster/ },
    },
    ...foundAlone(given),
  ],
  clear: [
    { name: 'one thread takes longer', given: alone(given, { change: { ratio: 1.5 } }) },
    ...clearAlone(given, 'four-samples'),
  ],
})
