import { expect } from 'vitest'
import { checkRule, exampleCall, examplePattern, examplePipeline } from '../../test/support/check-rule.ts'
import { paddingWaste } from './padding-waste.ts'

const given = (mean: number, longest: number, timeMs = 6) => {
  const texts = longest === 0 ? {} : { texts: { mean, longest, sorted: mean * 1.2 } }
  const argument = {
    kind: 'array',
    dtype: 'mixed',
    shape: [32],
    length: 32,
    bytes: null,
    contiguous: null,
    device: null,
    ...texts,
  } as const
  return examplePipeline({
    patterns: [examplePattern({ pattern: 'texts-padded', callee: 'extractor' })],
    calls: [exampleCall({ callee: 'extractor', timeMs, argument })],
  })
}

checkRule(paddingWaste, {
  found: [
    {
      name: 'one long text among short ones',
      given: given(50, 1000),
      expect: {
        detail:
          /^The batch of 32 texts at app\.mjs:10 takes 6\.00 ms, .* 95 % of it is padding\. Sorted by length, in batches of eight, 94 % of it need/,
        timeMs: 6,
        wouldSaveMs: expect.closeTo(5.64),
      },
    },
    { name: 'a little over three tenths', given: given(69, 100) },
  ],
  clear: [
    { name: 'a little under three tenths', given: given(71, 100) },
    { name: 'texts of one length', given: given(100, 100) },
    { name: 'no list of texts', given: given(0, 0) },
    { name: 'it takes little', given: given(50, 1000, 0.4) },
  ],
})
