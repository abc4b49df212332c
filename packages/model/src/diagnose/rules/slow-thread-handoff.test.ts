import { block, checkRule, engine, evidence, latency } from '../../../test/support/diagnose/check-rule.ts'
import { slowThreadHandoff } from './slow-thread-handoff.ts'

const slow = { regime: 'b', handoffBeforeNs: 400, handoffAfterNs: 400 }
const mixed = (p50Ms: number, regime: string, otherRegimes: Record<string, number>, given = {}) =>
  latency(p50Ms, { regime, otherRegimes, blocks: [block(5), block(5), block(9, { ...slow, ...given })] })

checkRule(slowThreadHandoff, {
  found: [
    {
      name: 'a p50 of the slow state',
      given: evidence({ latency: mixed(9, 'b', { a: 5 }) }),
      expect: {
        wouldSaveMs: 4,
        basis: 'measured',
        detail: /took 150 ns predicted in 5\.00 ms, those with 400 ns in 9\.00 ms.*slower state/,
      },
    },
    {
      name: 'a p50 of the fast state, as a note',
      given: evidence({ latency: mixed(5, 'a', { b: 9 }) }),
      expect: { wouldSaveMs: 0, detail: /fast state/ },
    },
    // 4.4 of 90 ms.
    {
      name: 'a slow state with waits of 4.9 %',
      given: evidence({ latency: mixed(9, 'b', { a: 5 }, { waitedMs: 4.4 }) }),
      expect: { wouldSaveMs: 4 },
    },
    // 198 ns beside 150.
    {
      name: 'handoffs that differ by 32 %',
      given: evidence({ latency: mixed(9, 'b', { a: 5 }, { handoffBeforeNs: 198, handoffAfterNs: 198 }) }),
      expect: { wouldSaveMs: 4 },
    },
  ],
  clear: [
    {
      name: 'a slow state in which a neighbour takes the CPU',
      given: evidence({ latency: mixed(5, 'a', { b: 9 }, { waitedMs: 30 }) }),
    },
    {
      name: 'a slow state whose handoff is unknown',
      given: evidence({ latency: mixed(5, 'a', { b: 9 }, { handoffBeforeNs: null, handoffAfterNs: null }) }),
    },
    { name: 'one thread', given: evidence({ engine: engine({ threadsInUse: 1 }), latency: mixed(9, 'b', { a: 5 }) }) },
    { name: 'one state', given: evidence() },
    { name: 'two states that predict alike', given: evidence({ latency: mixed(5, 'a', { b: 5.1 }) }) },
    // 4.6 of 90 ms.
    { name: 'a slow state with waits of 5.1 %', given: evidence({ latency: mixed(5, 'a', { b: 9 }, { waitedMs: 4.6 }) }) },
    // 192 ns beside 150.
    {
      name: 'handoffs that differ by 28 %',
      given: evidence({ latency: mixed(9, 'b', { a: 5 }, { handoffBeforeNs: 192, handoffAfterNs: 192 }) }),
    },
  ],
  notChecked: [
    { name: 'a p50 beside a neighbour', given: evidence({ latency: mixed(9, 'b', { a: 5 }, { waitedMs: 30 }) }) },
    {
      name: 'no handoff measured',
      given: evidence({ latency: latency(5, { blocks: [block(5, { handoffBeforeNs: null, handoffAfterNs: null })] }) }),
    },
  ],
})
