import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { exampleTree } from '../../../test/support/diagnose/example-forest.ts'
import { deepUnbalancedTrees } from './deep-unbalanced-trees.ts'

const forest = (full: number, chain: number, timeMs: number) =>
  evidence({ p50Ms: 1, nodes: [{ ...exampleTree(full, chain), timeMs }] })

checkRule(deepUnbalancedTrees, {
  found: [
    {
      // Ten tests on all ways, on one of 1024 a chain that a row follows by halves: 10 + (1 − 2^−10) / 512 tests, of which 8 are left.
      name: 'ten tests on all ways, twenty on one',
      given: forest(10, 10, 0.8),
      expect: { wouldSaveMs: null },
    },
    { name: 'ten tests on all ways, sixteen on one', given: forest(10, 6, 0.8), expect: { timeMs: 0.8 } },
  ],
  clear: [
    { name: 'ten on all ways', given: forest(10, 0, 0.8) },
    { name: 'a chain, which rows leave early', given: forest(1, 31, 0.8) },
    { name: 'one that takes next to nothing', given: forest(10, 10, 0.01) },
    { name: 'ten tests on all ways, fifteen on one', given: forest(10, 5, 0.8) },
  ],
  doesNotApply: [{ name: 'no trees', given: evidence({ nodes: [{ op: 'Conv', timeMs: 5 }] }) }],
})
