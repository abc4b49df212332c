// Elementwise operators whose operands are broadcast along the innermost axes: the kernel falls back to short loops. The counterfactual is the
// operator alone with operands that are written out, which reads more and is still faster.
import { causesOf, findingOf } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const slowBroadcast = defineRule({
  id: 'slow-broadcast',
  area: 'software',
  title: 'Broadcasting slows elementwise operators',
  needs: ['latency', 'operatorExperiments'],
  check({ latency, operatorExperiments }) {
    const causes = causesOf(operatorExperiments, ({ kind }) => kind === 'spread-operands')
    const cure = 'Fold the operand into a neighbour, or turn the layout so that it repeats along the first axes.'
    return findingOf(causes, latency.p50Ms, { cure, next: fixModel() })
  },
})
