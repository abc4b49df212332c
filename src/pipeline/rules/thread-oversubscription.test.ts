import { checkPipelineRule, examplePipeline } from '../check-pipeline-rule.ts'
import { threadOversubscription } from './thread-oversubscription.ts'

const given = (threads: number) => examplePipeline({ whole: { threads, usableCpus: 2 } })

checkPipelineRule(threadOversubscription, {
  found: [
    {
      name: 'sixteen on two',
      given: given(16),
      expect: { timeMs: 8.75, wouldSaveMs: 2.625, detail: /^16 threads were at work on 2 CPUs/ },
    },
  ],
  clear: [{ name: 'two on two', given: given(2) }],
  notChecked: [{ name: 'nothing was counted', given: examplePipeline() }],
})
