import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { callOverhead } from './call-overhead.ts'

const call = (callMs: number, ciLowMs = callMs, ciHighMs = callMs) => ({ callMs, ciLowMs, ciHighMs })

const code = (ratio: number): OtherEngine => ({
  id: 'written',
  device: 'cpu',
  software: false,
  generated: true,
  p50Ms: 0.002,
  ratio,
  ratioLow: ratio,
  ratioHigh: ratio * 1.1,
  rounds: 5,
})

checkRule(callOverhead, {
  found: [
    {
      name: '12 of 60 µs',
      given: evidence({ p50Ms: 0.06, callCost: call(0.012) }),
      expect: { wouldSaveMs: 0.012, timeMs: 0.012, area: 'software', detail: /20 %/ },
    },
    {
      name: 'large outputs of a long prediction',
      given: evidence({ p50Ms: 2, callCost: call(1.5) }),
      expect: { wouldSaveMs: 1.5 },
    },
    {
      // 16 µs · (1 − 0.125).
      name: 'a tiny model that was measured as code without a call',
      given: evidence({ p50Ms: 0.016, callCost: call(0.01), otherEngines: [code(0.125)] }),
      expect: { wouldSaveMs: 0.014, basis: 'measured', next: 'whyslow fix MODEL -o fast/', detail: /\(written\).*2\.0+ µs/s },
    },
    { name: '210 µs of 2 ms, 10.5 %', given: evidence({ p50Ms: 2, callCost: call(0.21) }), expect: { wouldSaveMs: 0.21 } },
    {
      name: 'disturbed empty calls: their low end',
      given: evidence({ p50Ms: 2, callCost: call(0.6, 0.4, 1.4) }),
      expect: { wouldSaveMs: 0.4, detail: /costs 400 µs, 20 % of the p50.*takes 400 µs to 1\.40 ms from round to round/ },
    },
    {
      // Operators take 208 of 238 ms.
      name: 'an empty call as long as what the operators leave',
      given: evidence({ p50Ms: 238, callCost: call(60), nodes: [{ op: 'Conv', timeMs: 208 }] }),
      expect: { wouldSaveMs: 30, detail: /costs 30\.0 ms.*more than the operators leave/ },
    },
    {
      name: 'code whose gain was measured, whatever the operators leave',
      given: evidence({
        ...{ p50Ms: 0.016, callCost: call(0.01), otherEngines: [code(0.125)], nodes: [{ op: 'Gemm', timeMs: 0.016 }] },
      }),
      expect: { wouldSaveMs: 0.014, basis: 'measured' },
    },
  ],
  clear: [
    {
      name: 'operators leave less than a tenth',
      given: evidence({ p50Ms: 2, callCost: call(0.5), nodes: [{ op: 'Conv', timeMs: 1.85 }] }),
    },
    { name: '12 µs of 1 ms', given: evidence({ p50Ms: 1, callCost: call(0.012) }) },
    {
      name: 'code that is no faster',
      given: evidence({ p50Ms: 0.016, callCost: call(0.01), otherEngines: [code(1)] }),
    },
    { name: 'a tiny model, which has its own finding', given: evidence({ p50Ms: 0.015, callCost: call(0.012) }) },
    { name: '190 µs of 2 ms, 9.5 %', given: evidence({ p50Ms: 2, callCost: call(0.19) }) },
  ],
})
