import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { channelsFirstConvolutions } from './channels-first-convolutions.ts'

checkRule(channelsFirstConvolutions, {
  found: [
    {
      name: 'channels last are a quarter faster',
      given: torchPipeline({ trials: [exampleTrial('channels-last', { times: exampleTimes(1.25) })] }),
      // 10 − 10 / 1.25
      expect: { timeMs: 10, wouldSaveMs: 2, detail: /8\.00 ms instead of 10\.0 ms/ },
    },
  ],
  clear: [{ name: 'no faster', given: torchPipeline({ trials: [exampleTrial('channels-last')] }) }],
})
