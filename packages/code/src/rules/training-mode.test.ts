import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { trainingMode } from './training-mode.ts'

const given = (training: boolean | null) =>
  examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'pytorch', training })] })

checkRule(trainingMode, {
  found: [
    {
      name: 'module.training is set',
      given: given(true),
      expect: { timeMs: 5, wouldSaveMs: null, detail: /app\.mjs:20 runs in training mode/ },
    },
    {
      name: 'a Keras model that is called so',
      given: examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'keras', training: true })] }),
      expect: { timeMs: 5, detail: /Call it with training=False/ },
    },
  ],
  clear: [
    { name: 'after eval()', given: given(false) },
    { name: 'a framework that does not tell', given: given(null) },
  ],
})
