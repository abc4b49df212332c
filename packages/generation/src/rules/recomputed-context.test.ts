import {
  checkRule,
  exampleEvidence,
  exampleGraph,
  exampleLine,
  setup,
  timed,
  withoutFacts,
} from '../../test/support/check-rule.ts'
import { recomputedContext } from './recomputed-context.ts'

const none = { graph: exampleGraph({ cache: 'none' }) }
/** A token of the prompt takes 100 / 64 = 1.5625 ms; without a cache, 1562.5 ms per thousand. */
const outside = (slope: number, given = {}) =>
  withoutFacts({ depthLine: exampleLine(slope, null, 5), ...timed(100, 105), ...given }, 'graph')

checkRule(recomputedContext, {
  found: [
    {
      name: 'a graph without a cache',
      given: exampleEvidence({ ...none, ...timed(100, 105), depthLine: exampleLine(1562.5, null, 5) }),
      expect: {
        detail: /^A token takes 105 ms after 64 tokens, and 5\.00 ms if only the new token is computed: 95 % of its time/,
        savingByPart: { firstToken: 0, token: 100 },
        basis: 'measured',
      },
    },
    {
      // 105 - 100 / 64.
      name: 'no line was measured',
      given: withoutFacts({ ...none, ...timed(100, 105) }, 'depthLine'),
      expect: { savingByPart: { firstToken: 0, token: 103.4375 }, basis: 'modelled' },
    },
    { name: 'from outside, by the line alone', given: outside(1500) },
    { name: 'from outside, a little over half of a token of the prompt', given: outside(800) },
    { name: 'a prompt of 33', given: outside(3030, setup({ promptTokens: 33 })) },
  ],
  clear: [
    { name: 'a graph with a cache', given: exampleEvidence() },
    { name: 'from outside, a flat line', given: outside(1.2) },
    { name: 'from outside, a little under half of a token of the prompt', given: outside(760) },
    { name: 'no cache, and nothing lost by it', given: exampleEvidence({ ...none, depthLine: exampleLine(0.1, null, 9.9) }) },
  ],
  notChecked: [
    { name: 'from outside, without a line', given: withoutFacts({}, 'graph', 'depthLine') },
    { name: 'from outside, with a short prompt', given: outside(3300, setup({ promptTokens: 31 })) },
  ],
})
