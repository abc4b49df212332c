import { checkTextRule as checkRule, exampleAgainst, exampleTexts } from '../../../test/support/check-text-rule.ts'
import { unbatchedTexts } from './unbatched-texts.ts'

checkRule(unbatchedTexts, {
  found: [
    {
      name: 'half the time in sorted batches',
      given: exampleTexts({ batched: exampleAgainst(0.5, { batch: 8 }, { batch: 1, order: 'given' }) }),
      expect: {
        detail: /^One at a time a text takes 4\.00 ms, in batches of 8 texts, sorted by length, 2\.00 ms: 2\.0 times/,
        timeMs: 4,
        wouldSaveMs: 2,
        next: 'whyslow embed MODEL --batch 8',
      },
    },
    { name: 'a little over ten per cent', given: exampleTexts({ batched: exampleAgainst(0.89) }) },
  ],
  clear: [
    { name: 'about the same', given: exampleTexts() },
    { name: 'a little under ten per cent', given: exampleTexts({ batched: exampleAgainst(0.905) }) },
    { name: 'slower in batches', given: exampleTexts({ batched: exampleAgainst(1.4) }) },
  ],
})
