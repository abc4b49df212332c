import { checkRule, exampleLine, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { lateTruncation } from './late-truncation.ts'

const given = (selfMs: number, once = false) =>
  examplePipeline({ patterns: [examplePattern({ pattern: 'ids-cut', once })], lines: [exampleLine({ selfMs })] })

checkRule(lateTruncation, {
  found: [
    {
      name: 'a hot call',
      given: given(5),
      expect: { detail: /app\.mjs:10 takes 5\.00 ms, 50 % of the/, timeMs: 5, wouldSaveMs: null },
    },
    { name: 'a little over a twentieth', given: given(0.51) },
  ],
  clear: [
    { name: 'a call that takes little', given: given(0.49) },
    { name: 'once for all', given: given(5, true) },
  ],
  doesNotApply: [{ name: 'Python', given: { ...given(5), language: 'python' } }],
})
