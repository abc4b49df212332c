import { checkRule, exampleEvidence, exampleGraph, firstTokenParts, setup, withoutFacts } from '../../test/support/check-rule.ts'
import { allPositionLogits } from './all-position-logits.ts'

const all = { graph: exampleGraph({ logits: 'all' }) }
const head = (ms: number) => exampleEvidence({ ...all, firstTokenParts: firstTokenParts({ head: ms }) })

checkRule(allPositionLogits, {
  found: [
    {
      // 20 ms · 63/64.
      name: 'a fifth of the first token',
      given: head(20),
      expect: {
        detail:
          "The head runs for all of 64 tokens and takes 20.0 ms with copying their logits, 20 % of the first token. Only the last position's logits are used.",
        savingByPart: { firstToken: 19.6875, token: 0 },
        basis: 'measured',
        nodes: ['/lm_head/MatMul'],
      },
    },
    {
      // 26 ms · 63/64.
      name: 'their logits are copied to JavaScript',
      given: exampleEvidence({ ...all, firstTokenParts: firstTokenParts({ head: 20, 'logits-copied': 6 }) }),
      expect: { savingByPart: { firstToken: 25.59375, token: 0 } },
    },
    // 3.1 ms · 63/64 of 100 ms.
    { name: 'a little over three per cent', given: head(3.1) },
    {
      // 5 M of 69 M elements.
      name: 'by its share of the arithmetic',
      given: withoutFacts(all, 'firstTokenParts'),
      expect: { timeMs: (100 * 5) / 69, basis: 'modelled' },
    },
  ],
  clear: [
    { name: 'the last alone', given: exampleEvidence() },
    {
      name: 'as an input says',
      given: exampleEvidence({ graph: exampleGraph({ logits: 'selectable' }), firstTokenParts: firstTokenParts({ head: 20 }) }),
    },
    { name: 'a little under three per cent', given: head(3) },
    {
      name: 'a prompt of one token',
      given: exampleEvidence({ ...all, ...setup({ promptTokens: 1 }), firstTokenParts: firstTokenParts({ head: 20 }) }),
    },
  ],
  notChecked: [{ name: 'nothing known of the head', given: withoutFacts(all, 'firstTokenParts', 'weights') }],
})
