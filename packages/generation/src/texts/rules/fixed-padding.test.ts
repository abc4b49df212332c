import { checkTextRule as checkRule, exampleAgainst, exampleTexts } from '../../../test/support/check-text-rule.ts'
import { fixedPadding } from './fixed-padding.ts'

const padded = (ratio: number) =>
  exampleTexts({
    fixedPadding: { tokens: 128, from: 'tokenizer.json', against: exampleAgainst(ratio, { batch: 8 }, { padding: 'maximum' }) },
  })

checkRule(fixedPadding, {
  found: [
    {
      name: 'tokenizer.json pads to 128',
      given: padded(0.25),
      expect: {
        detail:
          /^tokenizer\.json pads every text to 128 tokens\. Padded so a text takes 4\.00 ms, padded to the longest of its batch 1\.00 ms: 4\.0 times as fast\./,
        wouldSaveMs: 3,
        next: 'whyslow embed MODEL --max-tokens 128',
      },
    },
    {
      name: 'the graph takes one length',
      given: exampleTexts({ fixedPadding: { tokens: 256, from: 'model.onnx', against: null } }),
      expect: { wouldSaveMs: null, next: null },
    },
  ],
  clear: [
    { name: 'nothing pads so', given: exampleTexts() },
    { name: 'texts are that long anyway', given: padded(0.99) },
  ],
})
