import { expect, test } from 'vitest'
import { exampleBench, exampleRemedy, withScores } from '../../test/support/tune/example-bench.ts'
import { outcomeOf, runOn } from '../../test/support/tune/example-search.ts'

test.each([
  // Of three pairs Student's t at 95 % is 4.303. Ln of the ratios lies 0, 0.02 below and 0.02 above a mean, so that the upper end of its
  // interval is 4.303 * 0.02 / sqrt(3) = 0.0497 above it, and has to be below 0.99.
  [0.0505, 3],
  [0.0485, 4],
])('while searching a gain is clear at 95 %%: a mean that is %d below 0.99 in %d pairs', async (belowBy, pairs) => {
  const made = exampleBench({ seed: 1, noise: 0, timeMs: () => 10 })
  const scores = [0, -0.02, 0.02, 0].map((off) => 9.9 * Math.exp(-belowBy + off))
  // Two of the first looks come before them.
  const one = await runOn(withScores(made, 'a', [9.3, 9.3, ...scores]), made, [exampleRemedy('a')])
  expect(outcomeOf(one, 'a')!.judgement).toMatchObject({ verdict: 'faster', pairs })
})
