import { checkTextRule as checkRule, exampleAgainst, exampleTexts } from '../../../test/support/check-text-rule.ts'
import { paddingWaste } from './padding-waste.ts'

checkRule(paddingWaste, {
  found: [
    {
      name: 'short texts next to long ones',
      given: exampleTexts({ sorted: exampleAgainst(0.4, { paddedShare: 0.05 }, { order: 'given', paddedShare: 0.6 }) }),
      expect: {
        detail:
          /^In batches of 32 texts, as your texts come, 60 % of the positions are padding, and a text takes 4\.00 ms\. Sorted by length it takes 1\.60 ms, with 5 % of padding\./,
        timeMs: 2.4,
        wouldSaveMs: 2.4,
        next: 'whyslow embed MODEL --batch 32',
      },
    },
    { name: 'a little over three per cent', given: exampleTexts({ sorted: exampleAgainst(0.965) }) },
  ],
  clear: [
    { name: 'texts of one length', given: exampleTexts() },
    { name: 'less, but not proven', given: exampleTexts({ sorted: { ...exampleAgainst(0.9), ratioHigh: 1.01 } }) },
  ],
})
