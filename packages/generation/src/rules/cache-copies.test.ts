import {
  checkRule,
  exampleEvidence,
  exampleGraph,
  exampleLine,
  setup,
  tokenParts,
  withoutFacts,
} from '../../test/support/check-rule.ts'
import { cacheCopies } from './cache-copies.ts'

const parts = (copied: number) =>
  exampleEvidence({
    tokenParts: tokenParts({ 'cache-copied': copied }),
    graph: exampleGraph({ cache: 'concatenated', cacheNode: '/attn/Concat_2' }),
  })
/** What grows with the context, as the division of an engine that shows no copies has it. */
const grows = (copied: number, slope: number, over: number | null, exported = 0) => {
  const { parts: all, ...of } = tokenParts({ 'cache-copied': copied, 'cache-exported': exported })
  const parts = all.map((one) => (one.id === 'cache-copied' ? { ...one, how: 'difference' as const } : one))
  return exampleEvidence({ tokenParts: { ...of, parts }, depthLine: exampleLine(slope, over) })
}
/** Depth 64 + 11 / 2 = 69.5; a slope of 20 ms per thousand are 1.39 ms there. */
const line = (slope: number, over: number | null) => withoutFacts({ depthLine: exampleLine(slope, over) }, 'tokenParts')

checkRule(cacheCopies, {
  found: [
    {
      name: 'as measured',
      given: parts(3),
      expect: {
        detail: /^With 64 tokens in the cache, 3\.00 ms of 10\.0 ms go into copies of it/,
        savingByPart: { firstToken: 0, token: 3 },
        basis: 'measured',
        nodes: ['/attn/Concat_2'],
      },
    },
    { name: 'a little over three per cent', given: parts(0.31) },
    {
      name: 'from outside, by the line',
      given: line(20, 4),
      expect: {
        detail: /20\.0 ms per thousand tokens, 4\.0 times/,
        savingByPart: { firstToken: 0, token: 1.0425 },
        timeMs: 13.9,
        basis: 'modelled',
      },
    },
    { name: 'from outside, a little over three times', given: line(20, 3.1) },
    {
      name: 'a difference is modelled: nobody saw copies',
      given: grows(1, 20, 4),
      // 64 tokens: 1.28 ms, of which reading is a quarter.
      expect: {
        title: /^Time per token grows/,
        detail: /4\.0 times .* 960 µs of a token grow with the context/,
        basis: 'modelled',
        savingByPart: { firstToken: 0, token: 0.96 },
      },
    },
    {
      name: 'copies that take little, and a line at 160 times the floor',
      given: exampleEvidence({ tokenParts: tokenParts({ 'cache-copied': 0.1 }), depthLine: exampleLine(100, 160) }),
      expect: { basis: 'modelled' },
    },
  ],
  clear: [
    { name: 'a cache in place', given: exampleEvidence() },
    {
      name: 'a difference, of a cache that attention writes in place',
      given: { ...grows(1, 20, 4), graph: exampleGraph({ cache: 'in-place' }) },
    },
    { name: 'a little under three per cent', given: parts(0.29) },
    { name: 'a difference, a little under three times', given: grows(3, 20, 2.9) },
    { name: 'all that grows passes through JavaScript', given: grows(0, 20, 4, 1) },
    {
      name: 'a difference that takes little, and no line',
      given: withoutFacts({ tokenParts: grows(0.1, 1, 1).tokenParts! }, 'depthLine'),
    },
    { name: 'from outside, a little under three times', given: line(20, 2.9) },
    {
      name: 'from outside, a steep line that takes little at this depth',
      given: withoutFacts({ depthLine: exampleLine(5, 5), ...setup({ promptTokens: 8 }) }, 'tokenParts'),
    },
  ],
  doesNotApply: [{ name: 'no cache at all', given: exampleEvidence({ graph: exampleGraph({ cache: 'none' }) }) }],
  notChecked: [
    { name: 'no floor of the line', given: line(20, null) },
    { name: 'a difference without a floor of the line', given: grows(3, 20, null) },
    { name: 'no line', given: withoutFacts({}, 'tokenParts', 'depthLine') },
  ],
})
