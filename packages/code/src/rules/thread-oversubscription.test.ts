import { checkRule, examplePipeline } from '../../test/support/check-rule.ts'
import { threadOversubscription } from './thread-oversubscription.ts'

const given = (threads: number, usableCpus = 2) => examplePipeline({ whole: { threads, usableCpus } })

checkRule(threadOversubscription, {
  found: [
    {
      name: 'sixteen on two',
      given: given(16),
      expect: { timeMs: 8.75, wouldSaveMs: null, detail: /^16 threads were at work on 2 CPUs/ },
    },
    // 10 ms · (1 − 20 / 31).
    { name: '31 on twenty', given: given(31, 20), expect: { timeMs: 110 / 31 } },
  ],
  clear: [
    { name: 'two on two', given: given(2) },
    { name: '29 on twenty', given: given(29, 20) },
  ],
  notChecked: [{ name: 'nothing was counted', given: examplePipeline() }],
})
