import { checkRule, evidence, timedInInt8 } from '../../../test/support/diagnose/check-rule.ts'
import { memoryBoundOperators } from './memory-bound-operators.ts'

// 64 MB at 10 GB/s: 6.4 ms.
const large = { op: 'Gemm', timeMs: 7, macs: 16e6, weightBytes: 64e6 }

/** Weights that are read from the last-level cache in 0.4 ms. */
const inL3 = (weightBytes: number) =>
  evidence({ p50Ms: 1, nodes: [{ op: 'Gemm', timeMs: 0.5, weightBytes, floorMs: 0.4, bound: 'memory', level: 'L3' }] })

checkRule(memoryBoundOperators, {
  found: [
    {
      name: 'a weight matrix that does not fit the cache: what int8 saves was not timed',
      given: evidence({ p50Ms: 8, nodes: [large] }),
      expect: {
        timeMs: 7,
        wouldSaveMs: null,
        savingUnknown: /not timed: quantize times them/,
        nodes: ['Gemm_0'],
        area: 'hardware',
        detail: /64\.0 MB/,
        next: 'whyslow quantize MODEL -o fast/ --data SAMPLES',
      },
    },
    {
      name: 'timed alone in int8',
      given: evidence({ p50Ms: 8, nodes: [large], operatorExperiments: timedInInt8({ Gemm_0: 4.5 }) }),
      expect: { timeMs: 7, wouldSaveMs: 4.5, basis: 'measured', detail: /1 node would take 4\.50 ms less/ },
    },
    {
      name: 'timed alone, and no faster in int8: a note',
      given: evidence({ p50Ms: 8, nodes: [large], operatorExperiments: timedInInt8({ Gemm_0: 0 }) }),
      expect: { timeMs: 7, wouldSaveMs: 0, next: 'whyslow fix MODEL -o fast/' },
    },
    {
      name: 'one of two timed alone, and no faster: the other is not known',
      given: evidence({ p50Ms: 16, nodes: [large, large], operatorExperiments: timedInInt8({ Gemm_0: 0 }) }),
      expect: {
        wouldSaveMs: null,
        savingUnknown: /of some of these shapes, .* not timed/,
        detail: /Weights in int8 are a quarter of that/,
        next: 'whyslow quantize MODEL -o fast/ --data SAMPLES',
      },
    },
    {
      name: 'most of the time timed alone, and no faster: a note of all',
      given: evidence({ p50Ms: 9, nodes: [large, { ...large, timeMs: 1 }], operatorExperiments: timedInInt8({ Gemm_0: 0 }) }),
      expect: { timeMs: 8, wouldSaveMs: 0, detail: /hardly faster/ },
    },
    {
      // Half of the bytes are weights: 6.4 ms x 1/2 x 3/4 = 2.4 ms of 79.
      name: 'three quarters of the weights are more than 3 % of the time',
      given: evidence({ p50Ms: 79, nodes: [{ ...large, weightBytes: 32e6, bytes: 64e6 }] }),
    },
    {
      name: '16 MB read from the last-level cache',
      given: inL3(16e6),
      expect: { wouldSaveMs: null, detail: /last-level cache/ },
    },
    // 4 MiB are 4.194 MB.
    { name: '4.3 MB read from the last-level cache', given: inL3(4.3e6) },
  ],
  clear: [
    {
      name: 'three quarters of the weights are less than 3 % of the time',
      given: evidence({ p50Ms: 81, nodes: [{ ...large, weightBytes: 32e6, bytes: 64e6 }] }),
    },
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
