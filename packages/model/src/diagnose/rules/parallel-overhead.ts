// Operators that are faster on one thread than on all: handing the work over and waiting for the last takes longer than the share saved.
// The counterfactual is the operator alone on one thread.
import { causesOf, findingOf } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

export const parallelOverhead = defineRule({
  id: 'parallel-overhead',
  area: 'software',
  title: 'Operators are faster on one thread than on all',
  needs: ['latency', 'operatorExperiments'],
  check({ latency, operatorExperiments }) {
    const causes = causesOf(operatorExperiments, ({ kind }) => kind === 'one-thread')
    return findingOf(causes, latency.p50Ms, {
      cure: 'Where most of the model is like them, fewer threads are faster.',
      next: fixModel(),
    })
  },
})
