import { checkTextRule as checkRule, exampleTexts } from '../../../test/support/check-text-rule.ts'
import { lateTruncation } from './late-truncation.ts'

const cut = (tokens: number, tokenizeMs = 2) =>
  exampleTexts({ truncation: { tokenizeMs, tokens, keptTokens: 512, longestTokens: 512 } })

checkRule(lateTruncation, {
  found: [
    {
      name: 'ten times as much as the model takes',
      given: cut(5120),
      expect: {
        detail:
          /^The model takes 512 tokens of a text, and 90 % of what the tokenizer makes is cut off: 1\.80 ms of the 2\.00 ms/,
        timeMs: 2,
        wouldSaveMs: 1.8,
        next: null,
      },
    },
    // Half of 0.25 ms, of 4 ms.
    { name: 'a little over three per cent', given: cut(1024, 0.25) },
  ],
  clear: [
    { name: 'nothing cut off', given: exampleTexts() },
    { name: 'a little under three per cent', given: cut(1024, 0.23) },
    {
      name: 'a model that takes any length',
      given: exampleTexts({ truncation: { tokenizeMs: 2, tokens: 9000, keptTokens: 9000, longestTokens: null } }),
    },
  ],
})
