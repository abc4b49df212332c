import type { FirstTrees } from '@whyslow/graph/forest/first-trees.ts'
import { checkRule, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { exampleTree } from '../../../test/support/diagnose/example-forest.ts'
import { tooManyTrees } from './too-many-trees.ts'

const first = (quarter: number, lossError: number): FirstTrees => ({
  metric: 'AUC',
  rows: 3000,
  treeCount: 200,
  points: [
    { trees: 50, metric: quarter, lossError },
    { trees: 100, metric: 0.78, lossError },
    { trees: 200, metric: 0.781, lossError: 0 },
  ],
})
const forest = (firstTrees: FirstTrees | undefined, timeMs: number) =>
  evidence({ p50Ms: 1, nodes: [{ ...exampleTree(3, 0), timeMs }], ...(firstTrees && { firstTrees }) })

checkRule(tooManyTrees, {
  found: [
    {
      // 0.781 − 0.778 + 0.001 is within half a point: 50 of 200 trees, so that three quarters of 0.8 ms go.
      name: 'a quarter of the trees is as good',
      given: forest(first(0.778, 0.001), 0.8),
      expect: {
        wouldSaveMs: 0.6,
        timeMs: 0.8,
        basis: 'modelled',
        detail: /^The first 50 of 200 trees have an AUC of 0\.778 on 3,000 labelled rows/,
      },
    },
    {
      // 0.778 may be 0.775 by chance, 0.78 may be 0.777.
      name: 'what is lost only by chance counts, too',
      given: forest(first(0.778, 0.003), 0.8),
      expect: { wouldSaveMs: 0.4, detail: /^The first 100 of 200/ },
    },
    // 0.781 − 0.778 + 0.0019.
    { name: 'a quarter loses 0.49 points at most', given: forest(first(0.778, 0.0019), 0.8), expect: { wouldSaveMs: 0.6 } },
    // 0.781 − 0.778 + 0.0021; half of them lose 0.0031.
    { name: 'a quarter may lose 0.51 points', given: forest(first(0.778, 0.0021), 0.8), expect: { wouldSaveMs: 0.4 } },
  ],
  clear: [
    {
      name: 'all are needed',
      given: forest({ ...first(0.6, 0.004), points: first(0.6, 0.004).points.filter(({ trees }) => trees !== 100) }, 0.8),
    },
    { name: 'trees that take next to nothing', given: forest(first(0.778, 0.001), 0.02) },
  ],
  doesNotApply: [{ name: 'no trees', given: evidence({ nodes: [{ op: 'Conv', timeMs: 5 }] }) }],
  notChecked: [{ name: 'no labels', given: forest(undefined, 0.8) }],
})
