// Normalizations and softmax whose kernel is slow at its shape. The counterfactual is the operator alone, with one thing changed.
import { type Advice, causesOf, findingOf, isNormalization } from '../isolated-operators.ts'
import { fixModel } from '../next-command.ts'
import { defineRule } from '../rule.ts'

/** One thread is another finding's, a Relu in its place gives other numbers. */
const SAME_NUMBERS: ReadonlySet<string> = new Set(['rewrite', 'four-samples', 'plain-layout', 'spread-operands'])

const REWRITE: Advice = {
  cure: 'Folded into the weights before it, or written by other operators, it takes less.',
  next: fixModel(),
}
const BATCH: Advice = { cure: 'With more samples in one call it takes less for each.', next: null }

export const slowNormalization = defineRule({
  id: 'slow-normalization',
  area: 'software',
  title: 'Normalization is slow for its size',
  needs: ['latency', 'operatorExperiments'],
  check({ latency, operatorExperiments }) {
    const causes = causesOf(operatorExperiments, ({ kind }, row) => isNormalization(row) && SAME_NUMBERS.has(kind))
    const isOnlyBatch = causes.every(({ variant }) => variant.kind === 'four-samples')
    return findingOf(causes, latency.p50Ms, isOnlyBatch ? BATCH : REWRITE)
  },
})
