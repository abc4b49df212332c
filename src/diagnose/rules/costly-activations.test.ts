import { checkRule, evidence } from '../check-rule.ts'
import { costlyActivations } from './costly-activations.ts'

checkRule(costlyActivations, {
  found: [
    {
      // 1 MB at 10 GB/s = 0.1 ms floor, 1 µs start: 2 - 0.1 - 0.001 = 1.899 ms.
      name: 'a Tanh far above its memory floor',
      given: evidence({ p50Ms: 10, dispatchUs: 1, nodes: [{ op: 'Tanh', timeMs: 2, bytes: 1e6 }] }),
      expect: { timeMs: 2, wouldSaveMs: 1.899, nodes: ['Tanh_0'] },
    },
  ],
  clear: [
    { name: 'a Tanh at its memory floor', given: evidence({ p50Ms: 10, nodes: [{ op: 'Tanh', timeMs: 2, bytes: 20e6 }] }) },
    { name: 'a Relu', given: evidence({ p50Ms: 10, nodes: [{ op: 'Relu', timeMs: 2, bytes: 1e6 }] }) },
    {
      // 2 µs a node, of which 1.9 µs is its start: a Relu would pay that too.
      name: 'small nodes that pay for their start',
      given: evidence({
        p50Ms: 0.1,
        dispatchUs: 1.9,
        nodes: Array.from({ length: 20 }, () => ({ op: 'Sigmoid', timeMs: 0.002 })),
      }),
    },
  ],
})
