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
      expect: { timeMs: 0, wouldSaveMs: 0, detail: /2 graphs of the model in place of one: Tensor\.item/ },
    },
  ],
  clear: [{ name: 'one graph', given: torchPipeline({ trials: [exampleTrial('compile', { graphs: 1, breaks: [] })] }) }],
})
