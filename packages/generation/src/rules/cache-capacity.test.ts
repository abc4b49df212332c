import { checkRule, exampleEvidence, exampleLine, tokenParts, withoutFacts } from '../../test/support/check-rule.ts'
import { cacheCapacity } from './cache-capacity.ts'

/** 10 kB a token at 10 GB/s: 1 µs. A call fills 75 tokens. */
const capacity = (tokens: number | null, { attention = 5, exported = 0 } = {}) => ({
  tokenParts: tokenParts({ attention, 'cache-exported': exported }),
  options: { beams: 1, searched: 1, beamsFrom: null, cacheCapacity: tokens, capacityFrom: 'genai_config.json' },
})
/** No line over the context: the rest is read at the bandwidth, if attention takes as long. */
const withoutLine = (...given: Parameters<typeof capacity>) => withoutFacts(capacity(...given), 'depthLine')
const unknownBytes = () => ({
  ...exampleEvidence(capacity(4075)),
  model: { ...exampleEvidence().model, cacheBytesPerToken: null },
})

checkRule(cacheCapacity, {
  found: [
    {
      name: 'fifty times what is filled',
      given: withoutLine(4075),
      expect: {
        next: null,
        detail:
          /^The cache has room for 4075 tokens \(by genai_config\.json\), and a call fills 75 tokens\. Reading the rest takes 4\.00 ms/,
        savingByPart: { firstToken: 0, token: 4 },
      },
    },
    {
      // Attention takes 0.1 ms, its copies 0.1 ms. Of 3 ms of copying to JavaScript 4000 of 4075 tokens hold nothing.
      name: 'attention leaves out what is empty, and all of it is copied',
      given: withoutLine(4075, { attention: 0.1, exported: 3 }),
      expect: { detail: /Reading the rest and copying it to JavaScript takes 3\.14 ms/ },
    },
    {
      // Attention and its copies take 5.1 ms at each depth; 4000 of 4075 tokens hold nothing.
      name: 'attention over the whole buffer takes as long at each depth',
      given: exampleEvidence({ ...capacity(4075), depthLine: exampleLine(0, null) }),
      expect: { detail: /Attention over the rest takes 5\.01 ms/, savingByPart: { firstToken: 0, token: (5.1 * 4000) / 4075 } },
    },
    {
      name: 'by its bytes alone',
      given: withoutFacts(capacity(4075), 'tokenParts', 'depthLine'),
      expect: { savingByPart: { firstToken: 0, token: 4 } },
    },
    { name: 'a little over three per cent', given: withoutLine(75 + 310) },
  ],
  clear: [
    { name: 'attention leaves out what is empty', given: withoutLine(4075, { attention: 0.1 }) },
    {
      // 0.2 ms at a depth of 69.5.
      name: 'attention grows with what is filled',
      given: exampleEvidence({ ...capacity(4075, { attention: 0.1 }), depthLine: exampleLine(0.2 / 0.0695, null) }),
    },
    { name: 'what is filled', given: withoutLine(75) },
    { name: 'a little under three per cent', given: withoutLine(75 + 290) },
  ],
  doesNotApply: [{ name: 'it grows', given: exampleEvidence() }],
  notChecked: [
    { name: 'its bytes are not known', given: unknownBytes() },
    { name: 'no bandwidth', given: withoutFacts(capacity(4075), 'floor') },
  ],
})
