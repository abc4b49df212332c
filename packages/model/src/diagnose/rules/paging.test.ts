import { block, checkRule, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
import { paging } from './paging.ts'

const memory = (predictPeakBytes: number, limitBytes: number | null = null) =>
  ({ weightsBytes: 1e6, loadPeakBytes: 1e6, predictPeakBytes, keptBytes: 0, limitBytes }) as const
const faulting = (majorFaults: number) => latency(10, { blocks: [block(10, { majorFaults })] })

/** Ten predictions a block, and ten faults in the first of them. */
const seldomFaulting = (blocks: number) =>
  evidence({
    latency: latency(10, { blocks: Array.from({ length: blocks }, (_, i) => block(10, { majorFaults: i === 0 ? 10 : 0 })) }),
    memory: memory(2e6),
  })

checkRule(paging, {
  found: [
    {
      // 50 faults in 10 predictions, 0.1 ms each
      name: 'pages from disk after warm-up',
      given: evidence({ latency: faulting(50), memory: memory(2e6) }),
      expect: { timeMs: 0.5, wouldSaveMs: null, basis: 'modelled', detail: /50 page faults went to disk in 10 predictions/ },
    },
    {
      name: 'never more than the whole p50',
      given: evidence({ latency: faulting(5000), memory: memory(2e6) }),
      expect: { timeMs: 10, wouldSaveMs: null },
    },
    {
      name: 'a peak close to the limit, as a note',
      given: evidence({ memory: memory(95e6, 100e6) }),
      expect: { wouldSaveMs: 0, title: 'The model nearly fills the available memory', detail: /95\.0 MB of the 100 MB/ },
    },
    // 10 in 490, 0.1 ms each.
    { name: '2.04 faults in a hundred predictions', given: seldomFaulting(49), expect: { timeMs: 1 / 490, wouldSaveMs: null } },
    { name: 'a peak of 91 % of the limit', given: evidence({ memory: memory(91e6, 100e6) }), expect: { wouldSaveMs: 0 } },
  ],
  clear: [
    { name: 'no faults and room to spare', given: evidence({ memory: memory(50e6, 100e6) }) },
    {
      // one in a hundred predictions
      name: 'a stray fault',
      given: evidence({
        latency: latency(10, { blocks: Array.from({ length: 10 }, (_, i) => block(10, { majorFaults: i === 0 ? 1 : 0 })) }),
        memory: memory(2e6),
      }),
    },
    // 10 in 510.
    { name: '1.96 faults in a hundred predictions', given: seldomFaulting(51) },
    { name: 'a peak of 89 % of the limit', given: evidence({ memory: memory(89e6, 100e6) }) },
  ],
})
