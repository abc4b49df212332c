import { checkRule, exampleEvidence, exampleHead, exampleWeight, withoutFacts } from '../../test/support/check-rule.ts'
import { accuracyLevelUnset } from './accuracy-level-unset.ts'

/** 40 MB are read in 4 ms. */
const unset = (decodeMs: number | null, accuracyLevel: number | null = null) => ({
  weights: [exampleWeight({ decodeMs, accuracyLevel }), exampleHead()],
})

checkRule(accuracyLevelUnset, {
  found: [
    {
      name: 'twice as long as their bytes',
      given: exampleEvidence(unset(8)),
      expect: {
        detail: /^1 node multiply .* They take 8\.00 ms of a token; reading their bytes takes 4\.00 ms\./,
        timeMs: 80,
        savingByPart: { firstToken: 0, token: 4 },
        next: 'whyslow fix MODEL -o fast/',
      },
    },
    { name: 'a level that is not int8', given: exampleEvidence(unset(8, 3)) },
    { name: 'a little over one and a half times', given: exampleEvidence(unset(6.1)) },
    { name: 'not profiled: by its bytes', given: exampleEvidence(unset(null)), expect: { timeMs: 40, wouldSaveMs: null } },
    { name: 'nothing known of its time', given: withoutFacts(unset(null), 'floor'), expect: { timeMs: 0, wouldSaveMs: null } },
  ],
  clear: [
    { name: 'level 4', given: exampleEvidence() },
    { name: 'level 4, however long it takes', given: exampleEvidence(unset(8, 4)) },
    { name: 'a little under one and a half times', given: exampleEvidence(unset(5.9)) },
  ],
  doesNotApply: [{ name: 'no such operator', given: exampleEvidence({ weights: [exampleHead()] }) }],
})
