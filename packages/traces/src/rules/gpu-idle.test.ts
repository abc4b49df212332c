import { checkRule, traced } from '../../test/support/check-rule.ts'
import { gpuIdle } from './gpu-idle.ts'

const idle = (share: number) =>
  traced({ device: { shares: { lengthMs: 100, compute: 1 - share, communication: 0, copy: 0, idle: share } } })

checkRule(gpuIdle, {
  found: [
    {
      // 30 % of 10 ms
      name: 'a device that waits 30 % of the time',
      given: traced({ device: { shares: { lengthMs: 100, compute: 0.65, communication: 0, copy: 0.05, idle: 0.3 } } }),
      expect: { wouldSaveMs: 3, basis: 'modelled', detail: /waits\.$|works 70 %/ },
    },
    { name: 'a device that waits 15.3 % of the time', given: idle(0.153), expect: { wouldSaveMs: 1.53 } },
  ],
  clear: [
    { name: 'a device that waits 5 %', given: traced() },
    { name: 'a device that waits 14.7 % of the time', given: idle(0.147) },
  ],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
})
