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
    {
      name: "by the engine's own kernels, where they were timed",
      given: exampleEvidence({ ...unset(5), kernelRates: { int4: 8e9, 'int4 in float32': 5e9 } }),
      expect: {
        detail: /They take 5\.00 ms of a token; the engine's own kernels are 1\.6 times as fast in int8\./,
        savingByPart: { firstToken: 0, token: 5 - 5 / 1.6 },
      },
    },
    {
      name: 'a kernel of which only int8 was timed: by the floor',
      given: exampleEvidence({ ...unset(8), kernelRates: { int4: 1e9 } }),
    },
    { name: 'a level that is not int8', given: exampleEvidence(unset(8, 3)) },
    { name: 'a little over one and a half times', given: exampleEvidence(unset(6.1)) },
    { name: 'not profiled: by its bytes', given: exampleEvidence(unset(null)), expect: { timeMs: 40, wouldSaveMs: null } },
    { name: 'nothing known of its time', given: withoutFacts(unset(null), 'floor'), expect: { timeMs: 0, wouldSaveMs: null } },
  ],
  clear: [
    { name: 'level 4', given: exampleEvidence() },
    { name: 'level 4, however long it takes', given: exampleEvidence(unset(8, 4)) },
    {
      name: "the engine's own kernels are as fast in float32, however slow both are",
      given: exampleEvidence({ ...unset(8), kernelRates: { int4: 5.1e9, 'int4 in float32': 5e9 } }),
    },
    { name: 'a little under one and a half times', given: exampleEvidence(unset(5.9)) },
  ],
  doesNotApply: [{ name: 'no such operator', given: exampleEvidence({ weights: [exampleHead()] }) }],
})
