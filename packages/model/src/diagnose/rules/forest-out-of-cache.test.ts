import { checkRule, evidence, machine } from '../../../test/support/diagnose/check-rule.ts'
import { exampleTree } from '../../../test/support/diagnose/example-forest.ts'
import { forestOutOfCache } from './forest-out-of-cache.ts'

const INPUTS = [{ name: 'x', dtype: 'float32' as const, shape: [1000, 4], assumed: [], freeAxes: [], source: 'data' as const }]
/** 65 nodes of 24 bytes; at each test a row leaves the chain by halves, so that it makes 2 (1 − 2^−32) tests. */
const forest = (L2: number | null, timeMs: number) =>
  evidence({ p50Ms: 1, machine: machine({ caches: { L2 } }), inputs: INPUTS, nodes: [{ ...exampleTree(1, 31), timeMs }] })

checkRule(forestOutOfCache, {
  found: [
    {
      // 1000 rows · 2 tests · 3 ns.
      name: 'a forest above the second cache',
      given: forest(1000, 0.5),
      expect: { timeMs: 0.5, wouldSaveMs: null, area: 'hardware' },
    },
  ],
  clear: [
    { name: 'one that fits', given: forest(1e6, 0.5) },
    { name: 'one as fast as near nodes are', given: forest(1000, 0.006) },
  ],
  doesNotApply: [{ name: 'no trees', given: evidence({ inputs: INPUTS, nodes: [{ op: 'Conv', timeMs: 5 }] }) }],
  notChecked: [{ name: 'caches that are not known', given: forest(null, 0.5) }],
})
