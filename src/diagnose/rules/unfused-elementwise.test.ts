import { checkRule, evidence, experiments } from '../check-rule.ts'
import { unfusedElementwise } from './unfused-elementwise.ts'

const row = { opTypes: ['Sub', 'Mul'], nodes: ['a', 'b'], copies: 1, insideMs: 1, aloneMs: 1 }
const variant = { kind: 'one-pass', remedy: null } as const

checkRule(unfusedElementwise, {
  found: [
    {
      name: 'half of its time with the change',
      given: evidence({ p50Ms: 10, operatorExperiments: experiments([{ ...row, variants: [{ ...variant, ratio: 0.5 }] }]) }),
      expect: { wouldSaveMs: 0.5, timeMs: 1, basis: 'measured', area: 'software', nodes: ['a', 'b'] },
    },
    {
      name: 'within the model it takes twice as long, for reasons that the change was not shown to cure',
      given: evidence({
        p50Ms: 10,
        operatorExperiments: experiments([{ ...row, insideMs: 2, variants: [{ ...variant, ratio: 0.5 }] }]),
      }),
      expect: { wouldSaveMs: 0.5, timeMs: 2 },
    },
  ],
  clear: [
    {
      name: 'a ratio whose interval reaches 1',
      given: evidence({
        p50Ms: 10,
        operatorExperiments: experiments([{ ...row, variants: [{ ...variant, ratio: 0.8, ratioHigh: 1.01 }] }]),
      }),
    },
    {
      name: 'another change helps',
      given: evidence({
        p50Ms: 10,
        operatorExperiments: experiments([{ ...row, variants: [{ kind: 'one-thread', ratio: 0.5 }] }]),
      }),
    },
    {
      name: 'too small a part of the p50',
      given: evidence({ p50Ms: 100, operatorExperiments: experiments([{ ...row, variants: [{ ...variant, ratio: 0.5 }] }]) }),
    },
  ],
})
