import { checkRule, evidence } from '../check-rule.ts'
import { callOverhead } from './call-overhead.ts'

const call = (callMs: number) => ({ callMs, ciLowMs: callMs, ciHighMs: callMs })

checkRule(callOverhead, {
  found: [
    {
      name: '12 of 60 µs',
      given: evidence({ p50Ms: 0.06, callCost: call(0.012) }),
      expect: { wouldSaveMs: 0.012, timeMs: 0.012, area: 'software', detail: /20 %/ },
    },
    {
      name: 'large outputs of a long prediction',
      given: evidence({ p50Ms: 2, callCost: call(1.5) }),
      expect: { wouldSaveMs: 1.5 },
    },
  ],
  clear: [
    { name: '12 µs of 1 ms', given: evidence({ p50Ms: 1, callCost: call(0.012) }) },
    { name: 'a tiny model, which has its own finding', given: evidence({ p50Ms: 0.015, callCost: call(0.012) }) },
  ],
})
