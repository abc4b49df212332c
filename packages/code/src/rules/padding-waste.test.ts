import { expect } from 'vitest'
import { checkRule, exampleCall, examplePattern, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
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

const inPython = (insteadMs: number, engine = 'pytorch') =>
  examplePipeline({
    language: 'python',
    sessions: [exampleSession({ engine })],
    alternatives: [
      {
        ...{ file: 'app.mjs', line: 20, function: 'predict', rule: 'padding-waste', equal: 'rounding', nowMs: 5, insteadMs },
        ...{ ratio: 5 / insteadMs, ratioLow: 4.5 / insteadMs, ratioHigh: 6 / insteadMs },
        ...{ now: 'The model with all padding', instead: 'without what is padding in all texts, it' },
      },
    ],
  })

checkRule(paddingWaste, {
  found: [
    {
      // 5 ms · (1 − 1 / 5).
      name: 'texts of Python padded to a length',
      given: inPython(1),
      expect: {
        title: 'Padding: texts are padded to a length that none of them has',
        wouldSaveMs: 4,
        basis: 'measured',
        detail:
          /^The model with all padding at app\.mjs:20 takes 5\.00 ms; without what is padding in all texts, it gives the same in 1\.00 ms, .* With padding='longest'/,
      },
    },
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
    { name: 'no faster without them', given: inPython(4.9) },
  ],
  doesNotApply: [{ name: 'no model of PyTorch', given: inPython(1, 'xgboost') }],
})
