import { checkRule } from '../../test/support/check-rule.ts'
import { exampleTimes, exampleTrial, torchPipeline } from '../../test/support/example-torch.ts'
import { dispatchOverhead } from './dispatch-overhead.ts'

const compiled = exampleTrial('compile', { times: exampleTimes(2.5) })

checkRule(dispatchOverhead, {
  found: [
    {
      name: '1500 operators of 2 µs in 10 ms; compiled it is 2.5 times as fast',
      given: torchPipeline({ operatorsPerPrediction: 1500, dispatchMs: 3, trials: [compiled] }),
      // 1500 × 2000 ns = 3 ms; 10 − 10 / 2.5 = 6 ms.
      expect: { timeMs: 3, wouldSaveMs: 6, detail: /1500 operators .* 2000 ns on this machine: 30 %/ },
    },
    {
      name: 'other outputs prove nothing',
      given: torchPipeline({ operatorsPerPrediction: 1500, dispatchMs: 3, trials: [{ ...compiled, equal: 'different' }] }),
      expect: { timeMs: 3, wouldSaveMs: null },
    },
  ],
  clear: [{ name: 'few operators', given: torchPipeline() }],
})
