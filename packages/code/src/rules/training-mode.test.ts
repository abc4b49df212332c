import { checkRule, examplePipeline, exampleSession } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTorch, exampleTrial } from '../../test/support/example-torch.ts'
import { trainingMode } from './training-mode.ts'

const layers = ['first', 'second'].map(() => exampleSession({ engine: 'pytorch', training: true, runMs: 2 }))
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
      name: 'layers that one line calls are one finding',
      given: examplePipeline({ language: 'python', sessions: layers }),
      expect: { timeMs: 4, detail: /models at .*app\.mjs:20 run in training mode/ },
    },
    {
      name: 'a Keras model that is called so',
      given: examplePipeline({ language: 'python', sessions: [exampleSession({ engine: 'keras', training: true })] }),
      expect: { timeMs: 5, detail: /Call it with training=False/ },
    },
    {
      name: 'eval() in turns is twice as fast: 5 − 5 / 2 = 2.5 ms',
      given: {
        ...given(true),
        torch: exampleTorch({
          ran: exampleSession().ran,
          training: true,
          trials: [exampleTrial('eval', { equal: 'different', times: exampleTimes(2) })],
        }),
      },
      expect: { wouldSaveMs: 2.5 },
    },
  ],
  clear: [
    { name: 'after eval()', given: given(false) },
    {
      name: 'a model without a layer that predicts otherwise then',
      given: { ...given(true), torch: exampleTorch({ ran: exampleSession().ran, training: false }) },
    },
    { name: 'a framework that does not tell', given: given(null) },
  ],
})
