import { checkPipelineRule, examplePipeline, exampleSession } from '../check-pipeline-rule.ts'
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

checkPipelineRule(predictCallOverhead, {
  found: [
    {
      name: 'four times as fast by the direct call',
      given: given(3),
      expect: { timeMs: 6, wouldSaveMs: 4.5, basis: 'measured' },
    },
    { name: 'surely 6 % faster', given: given(1.06) },
  ],
  clear: [
    { name: 'no difference', given: given(0.98) },
    { name: 'perhaps 4 % faster alone', given: given(1.04) },
    { name: 'other results', given: given(3, 'different') },
  ],
})
