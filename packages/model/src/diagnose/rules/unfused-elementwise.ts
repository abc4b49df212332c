// Runs of elementwise operators: each reads again what the one before wrote. The counterfactual is the longest of them alone, since one pass
// over the numbers would take no longer, or an exact rewrite of the run.
import { causesOf, findingOf, isRun } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const unfusedElementwise = defineRule({
  id: 'unfused-elementwise',
  area: 'software',
  title: 'Unfused elementwise operators read the same data again and again',
  needs: ['latency', 'operatorExperiments'],
  check({ latency, operatorExperiments }) {
    const causes = causesOf(operatorExperiments, ({ kind }, row) => isRun(row) && (kind === 'one-pass' || kind === 'rewrite'))
    const cure = 'Constants folded into neighbours, and one operator instead of several, leave one pass.'
    return findingOf(causes, latency.p50Ms, { cure, next: fixModel() })
  },
})
