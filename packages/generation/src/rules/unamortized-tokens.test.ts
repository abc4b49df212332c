import { checkRule, exampleEvidence, exampleSeveral } from '../../test/support/check-rule.ts'
import { unamortizedTokens } from './unamortized-tokens.ts'

const several = (...ratios: readonly number[]) => exampleEvidence({ severalTokens: exampleSeveral(...ratios) })

checkRule(unamortizedTokens, {
  found: [
    {
      name: 'eight take as long as eight',
      given: several(2, 4, 8),
      expect: { detail: /^8 tokens at once take 80\.0 ms, 8\.0 times one/, wouldSaveMs: 0, timeMs: 0 },
    },
    { name: 'a little over eight tenths', given: several(1.7, 3.3, 6.5) },
    { name: 'four are enough', given: several(2, 4) },
  ],
  clear: [
    { name: 'they cost little more', given: exampleEvidence() },
    { name: 'a little under eight tenths', given: several(1.7, 3.2, 6.3) },
  ],
  notChecked: [
    { name: 'two are too few', given: several(2) },
    {
      name: 'three are too few',
      given: exampleEvidence({ severalTokens: { depth: 0, points: [{ tokens: 3, ms: 30, ratio: 3 }] } }),
    },
    { name: 'no point', given: exampleEvidence({ severalTokens: { depth: 0, points: [] } }) },
  ],
})
