import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { changingPrefix } from './changing-prefix.ts'

const prefix = (commonTokens: number, alikeTokens: number) =>
  exampleEvidence({
    prefix: {
      tokens: 400,
      commonTokens,
      alikeTokens,
      cachedTokens: null,
      different: ['Monday morning at the office', 'Tuesday'],
    },
  })

checkRule(changingPrefix, {
  found: [
    {
      name: 'what changes stands first',
      given: prefix(4, 380),
      expect: {
        detail:
          /^Of 400 tokens, 380 were in the prompt before, and only the first 4 at the same place \(then "Monday morning at the of" became "Tuesday"\)\. .* saves 94 % of prefill\.$/,
        savingByPart: { firstToken: 94, token: 0 },
      },
    },
    { name: 'a little over a quarter', given: prefix(4, 106) },
    {
      name: 'no tokenizer',
      given: exampleEvidence({ prefix: { tokens: 400, commonTokens: 0, alikeTokens: 300, cachedTokens: 0, different: null } }),
    },
  ],
  clear: [
    { name: 'other prompts', given: exampleEvidence() },
    { name: 'the same beginning', given: prefix(380, 380) },
    { name: 'a little under a quarter', given: prefix(4, 102) },
  ],
})
