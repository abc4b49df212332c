import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { lateTruncation } from './late-truncation.ts'

const embedding = (tokenizedTokens: number, tokenizeMs = 100) =>
  exampleEvidence({
    embedding: { texts: 64, modelMs: 200, tokenizeMs, tokens: 4000, computedTokens: 4000, sortedTokens: 4000, tokenizedTokens },
  })

checkRule(lateTruncation, {
  found: [
    {
      name: 'ten times as much as the model takes',
      given: embedding(40_000),
      expect: {
        detail:
          /^The tokenizer makes 40,000 tokens, of which the model takes 4,000: 90\.0 ms of 100 ms for the 90 % that are cut off\./,
        timeMs: 100,
        wouldSaveMs: 90,
      },
    },
    // A tenth of 93 ms, of 293 ms.
    { name: 'a little over three per cent', given: embedding(40_000 / 9, 93) },
  ],
  clear: [
    { name: 'nothing cut off', given: exampleEvidence() },
    { name: 'a little under three per cent', given: embedding(40_000 / 9, 80) },
  ],
})
