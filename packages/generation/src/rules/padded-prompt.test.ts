import { checkRule, exampleEvidence, exampleLine, withoutFacts } from '../../test/support/check-rule.ts'
import { paddedPrompt } from './padded-prompt.ts'

const padded = (paddingTokens: number) => ({ prompt: { fedTokens: 1000, paddingTokens, place: 'tokenizer_config.json' } })

checkRule(paddedPrompt, {
  found: [
    {
      // 1.2 ms per thousand · 900.
      name: 'to a fixed length',
      given: exampleEvidence(padded(900)),
      expect: {
        next: null,
        detail:
          /^900 tokens of 1000 tokens of the prompt are padding, 90 %: about 90\.0 ms of the first token, and 1\.08 ms of each after it\.$/,
        savingByPart: { firstToken: 90, token: 1.08 },
        nodes: ['tokenizer_config.json'],
      },
    },
    { name: 'no line', given: withoutFacts(padded(900), 'depthLine'), expect: { savingByPart: { firstToken: 90, token: 0 } } },
    {
      name: 'a falling line',
      given: exampleEvidence({ ...padded(900), depthLine: exampleLine(-3, null) }),
      expect: { savingByPart: { firstToken: 90, token: 0 } },
    },
    { name: 'a little over three per cent', given: exampleEvidence(padded(31)) },
    {
      name: 'nobody says by what',
      given: exampleEvidence({ prompt: { fedTokens: 1000, paddingTokens: 500, place: null } }),
      expect: { nodes: [] },
    },
  ],
  clear: [
    { name: 'none', given: exampleEvidence() },
    { name: 'a little under three per cent', given: exampleEvidence(padded(29)) },
  ],
})
