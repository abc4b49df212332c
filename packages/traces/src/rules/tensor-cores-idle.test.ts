import { checkRule, traced } from '../../test/support/check-rule.ts'
import { tensorCoresIdle } from './tensor-cores-idle.ts'

const plain = (plainMs: number) => ({ totalMs: 60, plainMs, tensorCoresMs: 60 - plainMs, unknownMs: 0 })
const device = (name: string, computeCapability: number) => ({
  ...{ name, computeCapability, memoryBytes: null, multiprocessors: null },
  ...{ flopsPerSecond: null, bytesPerSecond: null },
})

checkRule(tensorCoresIdle, {
  found: [
    {
      // 40 ms of 100 in plain units; an A100's tensor cores are 16 times as fast: 40 % x (1 - 1/16) of 10 ms
      name: 'products named sgemm',
      given: traced({ matrix: { totalMs: 45, plainMs: 40, tensorCoresMs: 5, unknownMs: 0 } }),
      expect: { timeMs: 4, wouldSaveMs: 3.75, area: 'hardware', detail: /40 % of the time.*\(sgemm\)/ },
    },
    { name: 'plain units for 10.2 % of the time', given: traced({ matrix: plain(10.2) }), expect: { timeMs: 1.02 } },
    {
      // 15.7 TFLOP/s beside 125.
      name: 'the first device with tensor cores',
      given: traced({ matrix: plain(40), facts: { devices: [device('Tesla V100', 7)] } }),
      expect: { timeMs: 4, wouldSaveMs: 4 * (1 - 15.7 / 125) },
    },
  ],
  clear: [
    { name: 'products on tensor cores', given: traced() },
    { name: 'plain units for 9.8 % of the time', given: traced({ matrix: plain(9.8) }) },
  ],
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
      given: traced({ facts: { devices: [device('Tesla P100', 6)] } }),
    },
  ],
})
