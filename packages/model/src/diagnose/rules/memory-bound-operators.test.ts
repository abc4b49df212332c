import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { memoryBoundOperators } from './memory-bound-operators.ts'

// 64 MB at 10 GB/s: 6.4 ms.
const large = { op: 'Gemm', timeMs: 7, macs: 16e6, weightBytes: 64e6 }

/** Weights that are read from the last-level cache in 0.4 ms. */
const inL3 = (weightBytes: number) =>
  evidence({ p50Ms: 1, nodes: [{ op: 'Gemm', timeMs: 0.5, weightBytes, floorMs: 0.4, bound: 'memory', level: 'L3' }] })

checkRule(memoryBoundOperators, {
  found: [
    {
      // Three quarters of the 6.4 ms floor.
      name: 'a weight matrix that does not fit the cache',
      given: evidence({ p50Ms: 8, nodes: [large] }),
      expect: { timeMs: 7, wouldSaveMs: 4.8, nodes: ['Gemm_0'], area: 'hardware', detail: /64\.0 MB/ },
    },
    {
      // Half of the bytes are weights: 6.4 ms x 1/2 x 3/4 = 2.4 ms.
      name: 'only the weights shrink',
      given: evidence({ p50Ms: 8, nodes: [{ ...large, weightBytes: 32e6, bytes: 64e6 }] }),
      expect: { wouldSaveMs: 2.4 },
    },
    {
      name: '16 MB read from the last-level cache',
      given: inL3(16e6),
      expect: { wouldSaveMs: 0.3, detail: /last-level cache/ },
    },
    // 4 MiB are 4.194 MB.
    { name: '4.3 MB read from the last-level cache', given: inL3(4.3e6), expect: { wouldSaveMs: 0.3 } },
  ],
  clear: [
    {
      name: 'weights that stay in L2',
      given: evidence({ p50Ms: 1, nodes: [{ op: 'Gemm', timeMs: 0.9, weightBytes: 1e6, bound: 'memory', level: 'L3' }] }),
    },
    { name: 'bound by its data', given: evidence({ p50Ms: 8, nodes: [{ op: 'Add', timeMs: 7, bytes: 64e6 }] }) },
    { name: 'int8 weights already', given: evidence({ p50Ms: 8, nodes: [{ ...large, op: 'QGemm', arithmetic: 'int8' }] }) },
    { name: '4-bit weights, computed in float', given: evidence({ p50Ms: 8, nodes: [{ ...large, op: 'MatMulNBits' }] }) },
    { name: 'bound by compute', given: evidence({ p50Ms: 8, nodes: [{ ...large, bound: 'compute' }] }) },
    { name: '4.1 MB, which stay in L2', given: inL3(4.1e6) },
    // 31 of 64 MB are weights.
    {
      name: '48 % of its bytes are weights',
      given: evidence({ p50Ms: 8, nodes: [{ ...large, weightBytes: 31e6, bytes: 64e6 }] }),
    },
  ],
})
