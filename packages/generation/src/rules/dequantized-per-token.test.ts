import { checkRule, exampleEvidence, exampleGraph } from '../../test/support/check-rule.ts'
import { dequantizedPerToken } from './dequantized-per-token.ts'

const work = (decodeMs: number, nodes = 2) =>
  exampleEvidence({ graph: exampleGraph({ constantWork: { nodes, decodeMs, node: '/lm_head/DequantizeLinear' } }) })

checkRule(dequantizedPerToken, {
  found: [
    {
      name: 'a head that is dequantized and turned',
      given: work(4),
      expect: {
        detail: /They take 4\.00 ms of a token, 40 % of it\.$/,
        wouldSaveMs: 40,
        basis: 'measured',
        nodes: ['/lm_head/DequantizeLinear'],
      },
    },
    { name: 'a little over three per cent', given: work(0.31) },
    {
      name: 'of which none is named',
      given: exampleEvidence({ graph: exampleGraph({ constantWork: { nodes: 1, decodeMs: 4, node: null } }) }),
      expect: { nodes: [] },
    },
  ],
  clear: [
    { name: 'nothing of the kind', given: exampleEvidence() },
    { name: 'a little under three per cent', given: work(0.29) },
  ],
  notChecked: [
    {
      name: 'without a profile',
      given: exampleEvidence({ graph: exampleGraph({ constantWork: null }) }),
    },
  ],
})
