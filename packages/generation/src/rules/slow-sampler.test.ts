import { checkRule, exampleEvidence, exampleParts, tokenParts, withoutFacts } from '../../test/support/check-rule.ts'
import { slowSampler } from './slow-sampler.ts'

const parts = (sampler: number, processors = 0) => ({ tokenParts: tokenParts({ sampler, processors }) })

checkRule(slowSampler, {
  found: [
    {
      name: 'a sort of the vocabulary',
      given: exampleEvidence(parts(2, 1)),
      expect: { detail: /take 3\.00 ms of a token, 30 % of it, over 512 logits\./, timeMs: 30, wouldSaveMs: null },
    },
    { name: 'a little over three per cent', given: exampleEvidence(parts(0.31)) },
    { name: 'a vocabulary that is not known', given: withoutFacts(parts(2), 'model') },
  ],
  clear: [
    { name: 'one pass', given: exampleEvidence() },
    { name: 'a little under three per cent', given: exampleEvidence(parts(0.29)) },
  ],
  notChecked: [{ name: 'the engine does not say', given: exampleEvidence({ tokenParts: exampleParts(10, 64, { weights: 4 }) }) }],
})
