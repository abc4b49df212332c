import { checkRule } from '../check-rule.ts'
import { alone, clearAlone, foundAlone } from '../example-alone.ts'
import { slowBroadcast } from './slow-broadcast.ts'

const given = { opTypes: ['Mul'], copies: 2, variant: { kind: 'spread-operands', remedy: null } } as const

checkRule(slowBroadcast, {
  found: [
    {
      name: 'where the operand could go',
      given: alone(given),
      expect: { next: 'whyslow fix MODEL -o fast/', detail: /Fold the operand into a neighbour/ },
    },
    ...foundAlone(given),
  ],
  clear: [
    { name: 'operands written out take longer', given: alone(given, { change: { ratio: 1.5 } }) },
    ...clearAlone(given, 'four-samples'),
  ],
})
