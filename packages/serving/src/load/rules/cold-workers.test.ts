import { checkRule, exampleEvidence, examplePoint, exampleTarget } from '../../../test/support/load/check-rule.ts'
import { coldWorkers } from './cold-workers.ts'

const given = (latencyMs: number, p90Ms: number) =>
  exampleEvidence([examplePoint({ p90Ms })], {}, { target: exampleTarget({ first: { latencyMs, status: 200 } }) })

checkRule(coldWorkers, {
  found: [
    {
      name: 'the first takes thirty times as long as most that follow',
      given: given(900, 30),
      expect: { detail: /took 900 ms, 30 times the p90 .* \(30\.0 ms\)/, timeMs: 900, wouldSaveMs: null },
    },
    { name: 'a little over ten times', given: given(306, 30) },
    { name: 'a little over 100 ms', given: given(102, 1) },
  ],
  clear: [
    { name: 'a little under ten times', given: given(294, 30) },
    { name: 'a little under 100 ms', given: given(98, 1) },
    { name: 'it takes no longer than the others', given: exampleEvidence([examplePoint({ p90Ms: 30 })]) },
  ],
  notChecked: [
    { name: 'none was sent before', given: exampleEvidence([examplePoint()], {}, { target: exampleTarget({ first: null }) }) },
    { name: 'no run has a p90', given: exampleEvidence([examplePoint({ p90Ms: null })]) },
    { name: 'a search', given: { ...given(900, 30), asked: undefined } as never },
  ],
})
