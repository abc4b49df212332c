import { checkRule, exampleEvidence, exampleParts, firstTokenParts } from '../../test/support/check-rule.ts'
import { tokenizerDominates } from './tokenizer-dominates.ts'

const tokenize = (ms: number) => exampleEvidence({ firstTokenParts: firstTokenParts({ tokenize: ms }) })

checkRule(tokenizerDominates, {
  found: [
    {
      name: 'half of the first token',
      given: tokenize(50),
      expect: { detail: /takes 50\.0 ms, 50 % of the first token\./, timeMs: 50, wouldSaveMs: null },
    },
    { name: 'a little over a tenth', given: tokenize(10.2) },
  ],
  clear: [
    { name: 'a hundredth', given: exampleEvidence() },
    { name: 'a little under a tenth', given: tokenize(9.8) },
  ],
  notChecked: [{ name: 'not told', given: exampleEvidence({ firstTokenParts: exampleParts(100, 64, { head: 2 }) }) }],
})
