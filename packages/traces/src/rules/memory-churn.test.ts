import { checkRule, traced } from '../../test/support/check-rule.ts'
import { memoryChurn } from './memory-churn.ts'

checkRule(memoryChurn, {
  found: [
    {
      name: 'cudaMalloc in each step',
      given: traced({ host: { allocations: 30, allocating: 0.12 } }),
      expect: { wouldSaveMs: 1.2, detail: /30 calls.*10 warm steps/ },
    },
    {
      name: '1.02 % of the time',
      given: traced({ host: { allocations: 30, allocating: 0.0102 } }),
      expect: { wouldSaveMs: 0.102 },
    },
  ],
  clear: [
    { name: 'a cache that is warm', given: traced() },
    { name: '0.98 % of the time', given: traced({ host: { allocations: 30, allocating: 0.0098 } }) },
  ],
  notChecked: [
    {
      name: 'no steps',
      given: traced({
        host: { allocations: 30, allocating: 0.12 },
        facts: { window: { lengthMs: 100, steps: null, stepMs: 100, leftOut: [] } },
      }),
    },
    { name: 'no host', given: traced({ host: null }) },
    { name: 'a recording of the host alone', given: traced({ device: null }) },
  ],
})
