import { checkRule, exampleLine, examplePipeline } from '../../test/support/check-rule.ts'
import { gilContention } from './gil-contention.ts'

const given = (gilWaitShare?: number) =>
  examplePipeline({ language: 'python', lines: [exampleLine()], whole: gilWaitShare === undefined ? {} : { gilWaitShare } })

checkRule(gilContention, {
  found: [
    { name: 'at six of ten looks', given: given(0.6), expect: { timeMs: 6, wouldSaveMs: null, detail: /at 60 % of the looks/ } },
    { name: 'at 41 of a hundred looks', given: given(0.41), expect: { timeMs: 4.1 } },
  ],
  clear: [
    { name: 'at one of ten', given: given(0.1) },
    { name: 'one thread', given: given() },
    { name: 'at 39 of a hundred looks', given: given(0.39) },
  ],
})
