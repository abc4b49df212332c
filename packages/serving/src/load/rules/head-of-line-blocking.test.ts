import { checkRule, exampleEvidence, examplePoint, exampleSetup, withParts } from '../../../test/support/load/check-rule.ts'
import { headOfLineBlocking } from './head-of-line-blocking.ts'

const given = (variation: number, queue = 60, compute = 40) =>
  exampleEvidence([
    withParts(examplePoint(), { queue: { slowest: queue, all: 4 }, compute: { slowest: compute, all: 8, variation } }),
  ])

checkRule(headOfLineBlocking, {
  found: [
    {
      // (1 + 3) times the wait of times that are alike: a quarter of 60 ms is left.
      name: 'predictions vary, and others wait',
      given: given(3),
      expect: {
        detail: /variation 3\.0\).* waits 60\.0 ms of its 100 ms\..* about 15\.0 ms\.$/,
        wouldSaveMs: 45,
        basis: 'modelled',
      },
    },
    {
      // 30 a second of 8 ms are 24 % of one worker.
      name: 'with how busy the workers of our own server are',
      given: { ...given(3), setup: exampleSetup({ workers: 1 }) },
      expect: { detail: /about 15\.0 ms\. Workers are busy 2\d % of the time\.$/ },
    },
    { name: 'a variation of a little over 1', given: given(1.02) },
    { name: 'a little over three tenths of the latency', given: given(3, 31, 69) },
    { name: 'a wait of a little over 1 ms', given: given(3, 1.02, 1) },
  ],
  clear: [
    { name: 'predictions are alike', given: given(0.2) },
    { name: 'a variation of a little under 1', given: given(0.98) },
    { name: 'a little under three tenths of the latency', given: given(3, 29, 71) },
    { name: 'a wait of a little under 1 ms', given: given(3, 0.98, 1) },
  ],
  notChecked: [{ name: 'the server does not report its queue', given: exampleEvidence([examplePoint()]) }],
})
