import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { tinyModel } from './tiny-model.ts'

const call = (callMs: number, ciLowMs = callMs, ciHighMs = callMs) => ({ callMs, ciLowMs, ciHighMs })
const operators = (timeMs: number) => ({ nodes: [{ op: 'Gemm', timeMs }] })

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
    {
      name: 'empty calls that other programs disturbed: the low end is claimed, and the range said',
      given: evidence({ p50Ms: 0.038, callCost: call(0.03, 0.02, 0.09) }),
      expect: { timeMs: 0.02, wouldSaveMs: 0.02, detail: /takes 20\.0 µs to 90\.0 µs from round to round/ },
    },
    {
      // Operators take 3.9 of 15.6 µs.
      name: 'no more than the operators leave',
      given: evidence({ p50Ms: 0.015625, callCost: call(0.0125), ...operators(0.00390625) }),
      expect: { wouldSaveMs: 0.01171875, detail: /11\.7 µs \(75 %\).*takes 12\.5 µs, more than the operators leave/ },
    },
  ],
  clear: [
    { name: 'its low end is less than half', given: evidence({ p50Ms: 0.015, callCost: call(0.012, 0.007, 0.05) }) },
    { name: 'operators take more than half', given: evidence({ p50Ms: 0.015, callCost: call(0.012), ...operators(0.008) }) },
    { name: 'the model costs more than the call', given: evidence({ p50Ms: 0.03, callCost: call(0.012) }) },
    { name: 'a long call of a long prediction', given: evidence({ p50Ms: 2, callCost: call(1.5) }) },
  ],
})
