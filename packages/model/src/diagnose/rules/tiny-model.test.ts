import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { tinyModel } from './tiny-model.ts'

const call = (callMs: number) => ({ callMs, ciLowMs: callMs, ciHighMs: callMs })

checkRule(tinyModel, {
  found: [
    {
      name: '12 µs of 15 µs are the call',
      given: evidence({ p50Ms: 0.015, callCost: call(0.012) }),
      expect: { timeMs: 0.012, wouldSaveMs: 0.012, next: 'whyslow fix MODEL -o fast/', detail: /12\.0 µs \(80 %\)/ },
    },
    {
      // An empty model measured slower than the model itself: no more than the p50 can be saved.
      name: 'the call measured above the p50',
      given: evidence({ p50Ms: 0.01, callCost: call(0.011) }),
      expect: { wouldSaveMs: 0.01 },
    },
  ],
  clear: [
    { name: 'the model costs more than the call', given: evidence({ p50Ms: 0.03, callCost: call(0.012) }) },
    { name: 'a long call of a long prediction', given: evidence({ p50Ms: 2, callCost: call(1.5) }) },
  ],
})
