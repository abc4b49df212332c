import { checkPipelineRule, examplePipeline } from '../check-pipeline-rule.ts'
import { threadOversubscription } from './thread-oversubscription.ts'

const given = (threads: number, usableCpus = 2) => examplePipeline({ whole: { threads, usableCpus } })

checkPipelineRule(threadOversubscription, {
  found: [
    {
      name: 'sixteen on two',
      given: given(16),
      expect: { timeMs: 8.75, wouldSaveMs: 2.625, detail: /^16 threads were at work on 2 CPUs/ },
    },
    { name: '62 on forty', given: given(62, 40) },
  ],
  clear: [
    { name: 'two on two', given: given(2) },
    { name: '58 on forty', given: given(58, 40) },
  ],
  notChecked: [{ name: 'nothing was counted', given: examplePipeline() }],
})
