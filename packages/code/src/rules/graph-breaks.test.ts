import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { graphBreaks } from './graph-breaks.ts'

const broken = exampleTrial('compile', {
  graphs: 2,
  breaks: [{ reason: 'Tensor.item', file: 'model.py', line: 14 }],
})

checkRule(graphBreaks, {
  found: [
    {
      name: 'a line that it cannot follow',
      given: torchPipeline({ trials: [broken] }),
      expect: { timeMs: 0, wouldSaveMs: 0, detail: /2 graphs of the model instead of one: Tensor\.item/ },
    },
    {
      name: 'of a model that the user’s code compiles: nobody knows what they cost',
      given: torchPipeline({ compiled: true, trials: [{ ...broken, times: null, reason: 'it is compiled as it is' }] }),
      expect: { timeMs: 10, wouldSaveMs: null, savingUnknown: /without the breaks was not run/ },
    },
  ],
  clear: [{ name: 'one graph', given: torchPipeline({ trials: [exampleTrial('compile', { graphs: 1, breaks: [] })] }) }],
})
