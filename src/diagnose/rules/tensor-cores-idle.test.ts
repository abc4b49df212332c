import { checkRule } from '../check-rule.ts'
import { traced } from '../example-trace.ts'
import { tensorCoresIdle } from './tensor-cores-idle.ts'

checkRule(tensorCoresIdle, {
  found: [
    {
      // 40 ms of 100 in plain units; an A100's tensor cores are 16 times as fast: 40 % x (1 - 1/16) of 10 ms
      name: 'products named sgemm',
      given: traced({ matrix: { totalMs: 45, plainMs: 40, tensorCoresMs: 5, unknownMs: 0 } }),
      expect: { timeMs: 4, wouldSaveMs: 3.75, area: 'hardware', detail: /40 % of the time.*\(sgemm\)/ },
    },
  ],
  clear: [{ name: 'products on tensor cores', given: traced() }],
  notChecked: [
    {
      name: 'kernels that no list knows',
      given: traced({ matrix: { totalMs: 45, plainMs: 0, tensorCoresMs: 0, unknownMs: 45 } }),
    },
    { name: 'no products', given: traced({ matrix: null }) },
    { name: 'a device of another maker', given: traced({ facts: { devices: [] } }) },
  ],
  doesNotApply: [
    {
      name: 'a device before tensor cores',
      given: traced({
        facts: {
          devices: [
            {
              name: 'Tesla P100',
              computeCapability: 6,
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
