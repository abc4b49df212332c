import { checkPipelineRule, exampleLine, examplePipeline } from '../check-pipeline-rule.ts'
import { gilContention } from './gil-contention.ts'

const given = (gilWaitShare?: number) =>
  examplePipeline({ language: 'python', lines: [exampleLine()], whole: gilWaitShare === undefined ? {} : { gilWaitShare } })

checkPipelineRule(gilContention, {
  found: [
    { name: 'at six of ten looks', given: given(0.6), expect: { timeMs: 6, wouldSaveMs: 3, detail: /at 60 % of the looks/ } },
    { name: 'at 41 of 100', given: given(0.41) },
  ],
  clear: [
    { name: 'at one of ten', given: given(0.1) },
    { name: 'at 39 of 100', given: given(0.39) },
    { name: 'one thread', given: given() },
  ],
})
