import { checkRule, exampleEvidence, sure, timed, withoutFacts } from '../../test/support/check-rule.ts'
import { coldStart } from './cold-start.ts'

const cold = (firstMs: number, warmMs = 100) => timed(warmMs, 10, { coldFirstTokenMs: sure(firstMs) })

checkRule(coldStart, {
  found: [
    {
      name: 'with pages from the disk',
      given: exampleEvidence(cold(900)),
      expect: {
        detail:
          /takes 900 ms to its first token, later calls 100 ms, after 300 ms to open the model\. .* It read 2,000 pages from the disk/,
        wouldSaveMs: 0,
        timeMs: 0,
      },
    },
    { name: 'a little over twice', given: withoutFacts(cold(204), 'faults'), expect: { detail: /once per process\.$/ } },
    {
      name: 'few pages',
      given: exampleEvidence({ ...cold(900), faults: { firstCall: 998, laterCall: 0 } }),
      expect: { detail: /once per process\.$/ },
    },
    {
      name: 'a few more pages',
      given: exampleEvidence({ ...cold(900), faults: { firstCall: 1002, laterCall: 0 } }),
      expect: { detail: /pages/ },
    },
    { name: 'a little over 100 ms', given: exampleEvidence(cold(111, 10)) },
    { name: 'opening was not timed', given: exampleEvidence(timed(100, 10, { coldFirstTokenMs: sure(900), openMs: null })) },
  ],
  clear: [
    { name: 'little longer', given: exampleEvidence() },
    { name: 'a little under twice', given: exampleEvidence(cold(392, 200)) },
    { name: 'a little under 100 ms', given: exampleEvidence(cold(109, 10)) },
  ],
  notChecked: [{ name: 'not timed apart', given: exampleEvidence(timed(100, 10, { coldFirstTokenMs: null })) }],
})
