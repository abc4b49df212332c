import { checkTextRule as checkRule, exampleAgainst, exampleTexts } from '../../../test/support/check-text-rule.ts'
import { oversizedBatches } from './oversized-batches.ts'

checkRule(oversizedBatches, {
  found: [
    {
      name: 'smaller batches are faster',
      given: exampleTexts({ smaller: exampleAgainst(0.8, { batch: 8 }) }),
      expect: {
        detail: 'In batches of 8 texts a text takes 3.20 ms, in batches of 32 texts 4.00 ms, both sorted by length.',
        wouldSaveMs: 0.8,
        next: 'whyslow embed MODEL --batch 8',
      },
    },
    {
      name: 'single texts are faster',
      given: exampleTexts({ smaller: exampleAgainst(0.8, { batch: 1, order: 'given' }) }),
      expect: { detail: 'One at a time a text takes 3.20 ms, in batches of 32 texts sorted by length 4.00 ms.' },
    },
  ],
  clear: [
    { name: 'about the same', given: exampleTexts() },
    { name: 'larger ones are faster', given: exampleTexts({ smaller: exampleAgainst(1.5, { batch: 8 }) }) },
  ],
})
