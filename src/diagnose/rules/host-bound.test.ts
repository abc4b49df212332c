import { checkRule } from '../check-rule.ts'
import { traced } from '../example-trace.ts'
import { hostBound } from './host-bound.ts'

checkRule(hostBound, {
  found: [
    {
      // 40 % of 10 ms, of which 30 % are the host's; none of them loading data
      name: 'gaps that end with late launches',
      given: traced({ device: { hostWait: 0.3, shares: { lengthMs: 100, compute: 0.6, communication: 0, copy: 0, idle: 0.4 } } }),
      expect: { wouldSaveMs: 3, detail: /30 % of the time the queue/ },
    },
  ],
  clear: [
    { name: 'a queue that is full', given: traced() },
    {
      name: 'gaps of kernels that were launched in time',
      given: traced({ device: { hostWait: 0.1, shares: { lengthMs: 100, compute: 0.6, communication: 0, copy: 0, idle: 0.4 } } }),
    },
  ],
  notChecked: [
    { name: 'calls are not recorded', given: traced({ facts: { launches: null } }) },
    { name: 'a recording of the host alone', given: traced({ device: null }) },
    {
      name: 'clocks that differ',
      given: traced({ facts: { launches: { count: 9, totalMs: 1, medianUs: 5, medianDelayUs: 0, negativeShare: 0.2 } } }),
    },
  ],
})
