import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { predictCallOverhead } from './predict-call-overhead.ts'

const given = (ratioLow: number, equal: 'bits' | 'different' = 'bits') =>
  examplePipeline({
    language: 'python',
    sessions: [exampleSession()],
    alternatives: [
      {
        file: 'app.mjs',
        line: 20,
        function: 'predict',
        rule: 'predict-call-overhead',
        now: 'model.predict(x)',
        instead: 'model(x, training=False)',
        nowMs: 6,
        insteadMs: 1.5,
        ratio: 4,
        ratioLow,
        ratioHigh: 5,
        equal,
      },
    ],
  })

checkRule(predictCallOverhead, {
  found: [
    {
      name: 'four times as fast by the direct call',
      given: given(3),
      expect: { timeMs: 6, wouldSaveMs: 4.5, basis: 'measured' },
    },
    { name: '7 % faster at least', given: given(1.07), expect: { wouldSaveMs: 4.5 } },
  ],
  clear: [
    { name: 'no difference', given: given(0.98) },
    { name: 'other results', given: given(3, 'different') },
    { name: '3 % faster at least', given: given(1.03) },
  ],
})
