import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { dispatchOverhead } from './dispatch-overhead.ts'

const nodes = (count: number, timeMs: number) => Array.from({ length: count }, () => ({ op: 'Add', timeMs }))

checkRule(dispatchOverhead, {
  found: [
    {
      // 210 starts of 1 µs = 0.21 ms of 1 ms; the 200 nodes of 2 µs are below 3 µs, the 10 of 50 µs are not: 0.2 ms.
      name: 'many small nodes',
      given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: [...nodes(200, 0.002), ...nodes(10, 0.05)] }),
      expect: { timeMs: 0.21, wouldSaveMs: null, basis: 'modelled' },
    },
    {
      // A loop's body: one node that runs 300 times in 0.6 ms, 2 µs each.
      name: 'a small node in a loop',
      given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: [{ op: 'Add', timeMs: 0.6, runs: 300 }] }),
      expect: { timeMs: 0.3, wouldSaveMs: null },
    },
    {
      // 210 starts; the 200 nodes that take 2.9 starts are small, the 10 that take 3.1 are not.
      name: 'nodes just below and just above three starts',
      given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: [...nodes(200, 0.0029), ...nodes(10, 0.0031)] }),
      expect: { timeMs: 0.21, wouldSaveMs: null },
    },
    {
      name: 'starts that take 10.5 %',
      given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: nodes(105, 0.002) }),
      expect: { wouldSaveMs: null },
    },
  ],
  clear: [
    { name: 'few large nodes', given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: nodes(20, 0.05) }) },
    { name: 'many nodes, none of them small', given: evidence({ p50Ms: 2, dispatchUs: 1, nodes: nodes(250, 0.008) }) },
    { name: 'a branch that is not taken', given: evidence({ p50Ms: 1, nodes: [{ op: 'Add', timeMs: 0, runs: 0 }] }) },
    { name: 'starts that take 9.5 %', given: evidence({ p50Ms: 1, dispatchUs: 1, nodes: nodes(95, 0.002) }) },
  ],
})
