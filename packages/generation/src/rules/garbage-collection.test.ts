import { checkRule, exampleEvidence, exampleParts, timed } from '../../test/support/check-rule.ts'
import { garbageCollection } from './garbage-collection.ts'

const tokenParts = (garbage: number, given = {}) => exampleParts(10, 64, { weights: 4.5, garbage, ...given })
const garbage = (ms: number, p99 = 11, given = {}) =>
  exampleEvidence({ tokenParts: tokenParts(ms, given), ...timed(100, 10, { interTokenMs: { p50: 10, p90: 11, p99 } }) })

checkRule(garbageCollection, {
  found: [
    {
      name: 'a fifth',
      given: garbage(2, 40),
      expect: {
        detail: /takes 2\.00 ms of a token, 20 % of it; the slowest hundredth of the tokens takes 4\.0 times/,
        wouldSaveMs: 20,
      },
    },
    { name: 'a little over three per cent', given: garbage(0.31), expect: { detail: /3 % of it\. Arrays/ } },
    { name: 'gaps a little over one and a half times', given: garbage(2, 15.1), expect: { detail: /slowest hundredth/ } },
    { name: 'gaps a little under one and a half times', given: garbage(2, 14.9), expect: { detail: /20 % of it\. Arrays/ } },
    {
      name: 'no gaps',
      given: exampleEvidence({ tokenParts: tokenParts(2), ...timed(100, 10, { interTokenMs: null }) }),
    },
  ],
  clear: [
    { name: 'little', given: exampleEvidence() },
    { name: 'a little under three per cent', given: garbage(0.29, 40) },
  ],
  notChecked: [
    { name: 'the cache passes through JavaScript', given: garbage(2, 40, { 'cache-exported': 0 }) },
    { name: 'not known', given: exampleEvidence({ tokenParts: exampleParts(10, 64, { weights: 4 }) }) },
  ],
})
