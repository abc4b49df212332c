import { checkRule, traced } from '../../test/support/check-rule.ts'
import { hostBound } from './host-bound.ts'

const waiting = (idle: number, hostWait: number, negativeShare = 0) =>
  traced({
    device: { hostWait, shares: { lengthMs: 100, compute: 1 - idle, communication: 0, copy: 0, idle } },
    facts: { launches: { count: 9, totalMs: 1, medianUs: 5, medianDelayUs: 0, negativeShare } },
  })

checkRule(hostBound, {
  found: [
    {
      // 40 % of 10 ms, of which 30 % are the host's; none of them loading data
      name: 'gaps that end with late launches',
      given: traced({ device: { hostWait: 0.3, shares: { lengthMs: 100, compute: 0.6, communication: 0, copy: 0, idle: 0.4 } } }),
      expect: { wouldSaveMs: 3, detail: /30 % of the time the queue/ },
    },
    { name: 'a device that waits 15.3 % of the time', given: waiting(0.153, 0.153), expect: { wouldSaveMs: 1.53 } },
    { name: 'a host that is late for 51 % of the gaps', given: waiting(0.4, 0.204), expect: { wouldSaveMs: 2.04 } },
    { name: 'clocks that differ in 0.98 % of the launches', given: waiting(0.4, 0.4, 0.0098) },
  ],
  clear: [
    { name: 'a queue that is full', given: traced() },
    {
      name: 'gaps of kernels that were launched in time',
      given: traced({ device: { hostWait: 0.1, shares: { lengthMs: 100, compute: 0.6, communication: 0, copy: 0, idle: 0.4 } } }),
    },
    { name: 'a device that waits 14.7 % of the time', given: waiting(0.147, 0.147) },
    { name: 'a host that is late for 49 % of the gaps', given: waiting(0.4, 0.196) },
  ],
  notChecked: [
    { name: 'calls are not recorded', given: traced({ facts: { launches: null } }) },
    { name: 'a recording of the host alone', given: traced({ device: null }) },
    {
      name: 'clocks that differ',
      given: traced({ facts: { launches: { count: 9, totalMs: 1, medianUs: 5, medianDelayUs: 0, negativeShare: 0.2 } } }),
    },
    { name: 'clocks that differ in 1.02 % of the launches', given: waiting(0.4, 0.4, 0.0102) },
  ],
})
