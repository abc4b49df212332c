import { checkRule, exampleEvidence, timed } from '../../test/support/check-rule.ts'
import { queueingDominates } from './queueing-dominates.ts'

const together = (firstTokenMs: number, tokenMs: number) => exampleEvidence({ together: { clients: 4, firstTokenMs, tokenMs } })

checkRule(queueingDominates, {
  found: [
    {
      name: 'one answer after the other',
      given: together(700, 10),
      expect: {
        detail: /^With 4 clients the first token takes 700 ms, alone 100 ms; a token after it takes 10\.0 ms/,
        timeMs: 600,
        wouldSaveMs: null,
      },
    },
    { name: 'a little over half of the first token', given: together(204, 10) },
    { name: 'tokens a little under one and a half times', given: together(700, 14.8) },
  ],
  clear: [
    { name: 'they share the engine', given: exampleEvidence() },
    { name: 'a little under half of the first token', given: together(196, 10) },
    { name: 'tokens a little over one and a half times', given: together(700, 15.2) },
  ],
  notChecked: [{ name: 'one at a time', given: { ...exampleEvidence(timed(100, 10)), together: undefined } as never }],
})
