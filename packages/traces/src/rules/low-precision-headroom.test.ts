import { checkRule, traced } from '../../test/support/check-rule.ts'
import { lowPrecisionHeadroom } from './low-precision-headroom.ts'

checkRule(lowPrecisionHeadroom, {
  found: [
    {
      // half of 60 ms on tensor cores in TF32: 60 % x (0.5 x 0.5 + 0.5 x 15/16) of 10 ms
      name: 'float32 on an A100',
      given: traced({ matrix: { totalMs: 60, tensorCoresMs: 30, plainMs: 30, unknownMs: 0, float32Ms: 60 } }),
      expect: { timeMs: 6, wouldSaveMs: 4.3125, area: 'architecture' },
    },
    { name: 'float32 for 10.2 % of the time', given: traced({ matrix: { float32Ms: 10.2 } }), expect: { timeMs: 1.02 } },
  ],
  clear: [
    { name: '16 bits already', given: traced() },
    { name: 'float32 for 9.8 % of the time', given: traced({ matrix: { float32Ms: 9.8 } }) },
  ],
  notChecked: [
    { name: 'types are not recorded', given: traced({ matrix: { float32Ms: null } }) },
    { name: 'no products', given: traced({ matrix: null }) },
    { name: 'a device of another maker', given: traced({ facts: { devices: [] } }) },
  ],
  doesNotApply: [
    {
      name: 'a device before Ampere',
      given: traced({
        facts: {
          devices: [
            {
              name: 'Tesla T4',
              computeCapability: 7.5,
              memoryBytes: null,
              multiprocessors: null,
              flopsPerSecond: null,
              bytesPerSecond: null,
            },
          ],
        },
      }),
    },
  ],
})
