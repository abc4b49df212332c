// Normalizations and softmax whose kernel is slow at its shape. The counterfactual is the operator alone, with one thing changed.
import { causesOf, findingOf, isNormalization } from '../alone.ts'
import { defineRule } from '../rule.ts'

/** One thread is another finding's, a Relu in its place gives other numbers. */
const SAME_NUMBERS: ReadonlySet<string> = new Set(['rewrite', 'four-samples', 'plain-layout', 'spread-operands'])

export const slowNormalization = defineRule({
  id: 'slow-normalization',
  area: 'software',
  title: 'Normalization takes much longer than its numbers need',
  needs: ['latency', 'operatorExperiments'],
  check({ latency, operatorExperiments }) {
    const causes = causesOf(operatorExperiments, ({ kind }, row) => isNormalization(row) && SAME_NUMBERS.has(kind))
    const cure = 'Folded into the weights before it, or written by other operators, it takes less.'
    return findingOf(causes, latency.p50Ms, { cure, next: 'whyslow fix MODEL -o fast/' })
  },
})
