import { checkPipelineRule, examplePipeline, exampleSession } from '../check-pipeline-rule.ts'
import { retracing } from './retracing.ts'

const given = (retraces: number | null) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'tensorflow', retraces })] })

checkPipelineRule(retracing, {
  found: [
    { name: 'at every call', given: given(30), expect: { timeMs: 5, wouldSaveMs: 4.5, detail: /traced 30 times/ } },
    { name: 'three times', given: given(3) },
  ],
  clear: [
    { name: 'twice', given: given(2) },
    { name: 'once more for the last batch', given: given(1) },
    { name: 'nothing is traced', given: given(null) },
  ],
})
