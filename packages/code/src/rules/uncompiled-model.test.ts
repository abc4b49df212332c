import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { uncompiledModel } from './uncompiled-model.ts'

const compiled = exampleTrial('compile', { times: exampleTimes(2), firstMs: 12_000 })

checkRule(uncompiledModel, {
  found: [
    {
      name: 'compiled it is twice as fast',
      given: torchPipeline({ trials: [compiled] }),
      expect: {
        timeMs: 10,
        wouldSaveMs: 5,
        detail: /5\.00 ms instead of 10\.0 ms, 2\.0 times as fast.*first call took 12\.0 s/,
      },
    },
  ],
  clear: [
    { name: 'no faster', given: torchPipeline({ trials: [exampleTrial('compile')] }) },
    { name: 'other outputs', given: torchPipeline({ trials: [{ ...compiled, equal: 'different' }] }) },
    {
      name: 'dispatch is told with the same cure',
      given: torchPipeline({ dispatchMs: 3, trials: [compiled] }),
    },
  ],
})
