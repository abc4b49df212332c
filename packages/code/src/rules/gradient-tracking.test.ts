import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { gradientTracking } from './gradient-tracking.ts'

const given = (gradients: boolean | null) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'pytorch', gradients })] })

checkRule(gradientTracking, {
  found: [
    {
      name: 'gradients are on',
      given: given(true),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:20, 5\.00 ms of a prediction/ },
    },
  ],
  clear: [{ name: 'within no_grad', given: given(false) }],
})
