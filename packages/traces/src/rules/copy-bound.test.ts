import { checkRule, traced } from '../../test/support/check-rule.ts'
import { copyBound } from './copy-bound.ts'

checkRule(copyBound, {
  found: [
    {
      name: 'copies that nothing covers',
      given: traced({
        device: {
          shares: { lengthMs: 100, compute: 0.6, communication: 0, copy: 0.25, idle: 0.15 },
          copies: { count: 40, bytes: 4e9, toDevice: 20, toHost: 5, onDevice: 0, pageableBytes: 3e9, totalMs: 25 },
        },
      }),
      expect: { wouldSaveMs: 2.5, area: 'hardware', detail: /4\.00 GB take 25 %.*3\.00 GB of them/ },
    },
    {
      name: 'copies of 5.1 %',
      given: traced({ device: { shares: { lengthMs: 100, compute: 0.9, communication: 0, copy: 0.051, idle: 0.049 } } }),
      expect: { wouldSaveMs: 0.51 },
    },
  ],
  clear: [
    { name: 'copies of 3 %', given: traced() },
    {
      name: 'copies of 4.9 %',
      given: traced({ device: { shares: { lengthMs: 100, compute: 0.9, communication: 0, copy: 0.049, idle: 0.051 } } }),
    },
  ],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
})
