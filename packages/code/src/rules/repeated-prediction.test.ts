import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { repeatedPrediction } from './repeated-prediction.ts'

const given = (insteadMs: number, equal: 'bits' | 'different' = 'bits') =>
  examplePipeline({
    language: 'python',
    sessions: [exampleSession({ engine: 'scikit-learn', runsPerPrediction: 2 })],
    alternatives: [
      {
        ...{ file: 'app.mjs', line: 20, function: 'predict', rule: 'repeated-prediction', equal, callsPerPrediction: 1 },
        ...{ nowMs: 6, insteadMs, ratio: 6 / insteadMs, ratioLow: 5.8 / insteadMs, ratioHigh: 6.2 / insteadMs },
        now: 'Asking for predict(x) and predict_proba(x)',
        instead: 'taking the class with the highest probability as the label',
      },
    ],
  })

checkRule(repeatedPrediction, {
  found: [
    {
      name: 'half of the time is left',
      given: given(3),
      expect: {
        timeMs: 6,
        wouldSaveMs: 3,
        basis: 'measured',
        detail:
          /^Asking for predict\(x\) and predict_proba\(x\) at app\.mjs:20 takes 6\.00 ms; taking the class with the highest probability as the label gives the same in 3\.00 ms/,
      },
    },
  ],
  clear: [
    { name: 'no faster', given: given(5.9) },
    { name: 'the label is not the most probable class', given: given(3, 'different') },
  ],
})
