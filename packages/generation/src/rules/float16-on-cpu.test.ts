import { checkRule, exampleEvidence, exampleGraph } from '../../test/support/check-rule.ts'
import { float16OnCpu } from './float16-on-cpu.ts'

const casts = (decodeMs: number | null, nodes = 12) =>
  exampleEvidence({ graph: exampleGraph({ casts: { nodes, decodeMs, node: '/model/Cast_3' } }) })

checkRule(float16OnCpu, {
  found: [
    {
      name: 'profiled casts',
      given: casts(4),
      expect: {
        detail: /They take 4\.00 ms of a token, 40 % of it\.$/,
        wouldSaveMs: 40,
        basis: 'measured',
        nodes: ['/model/Cast_3'],
      },
    },
    {
      name: 'casts that were not profiled',
      given: casts(null),
      expect: { wouldSaveMs: null, savingUnknown: 'the nodes were not profiled' },
    },
    { name: 'a little over three per cent', given: casts(0.31) },
    {
      name: 'of which none is named',
      given: exampleEvidence({ graph: exampleGraph({ casts: { nodes: 2, decodeMs: 4, node: null } }) }),
      expect: { nodes: [] },
    },
  ],
  clear: [
    { name: 'no casts', given: exampleEvidence() },
    { name: 'a little under three per cent', given: casts(0.29) },
  ],
})
