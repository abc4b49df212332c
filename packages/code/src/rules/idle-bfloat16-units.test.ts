import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { idleBfloat16Units } from './idle-bfloat16-units.ts'

const half = exampleTrial('bfloat16', { times: exampleTimes(2), equal: 'different', error: 0.004 })

checkRule(idleBfloat16Units, {
  found: [
    {
      name: 'twice as fast, outputs within half a per cent',
      given: torchPipeline({ trials: [half] }),
      expect: { timeMs: 10, wouldSaveMs: 5, detail: /differ by up to 0\.40 % of the largest value/ },
    },
    {
      name: 'outputs within a twentieth',
      given: torchPipeline({ trials: [{ ...half, error: 0.049 }] }),
      expect: { wouldSaveMs: 5 },
    },
  ],
  clear: [
    { name: 'no faster', given: torchPipeline({ trials: [{ ...half, times: exampleTimes(1) }] }) },
    { name: 'another model', given: torchPipeline({ trials: [{ ...half, error: 0.2 }] }) },
    { name: 'outputs a little beyond a twentieth', given: torchPipeline({ trials: [{ ...half, error: 0.051 }] }) },
  ],
})
