import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import type { OtherEngine } from '../../evidence/evidence.ts'
import { callOverhead } from './call-overhead.ts'

const call = (callMs: number) => ({ callMs, ciLowMs: callMs, ciHighMs: callMs })

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
  ],
  clear: [
    { name: '12 µs of 1 ms', given: evidence({ p50Ms: 1, callCost: call(0.012) }) },
    {
      name: 'code that is no faster',
      given: evidence({ p50Ms: 0.016, callCost: call(0.01), otherEngines: [code(1)] }),
    },
    { name: 'a tiny model, which has its own finding', given: evidence({ p50Ms: 0.015, callCost: call(0.012) }) },
    { name: '190 µs of 2 ms, 9.5 %', given: evidence({ p50Ms: 2, callCost: call(0.19) }) },
  ],
})
