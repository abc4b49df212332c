import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'

const opening = (opensPerCall: number, openMs: number, place: string | null = 'app.mjs:12') =>
  exampleEvidence({ opening: { opensPerCall, openMs, place } })

checkRule(modelReloadedPerCall, {
  found: [
    {
      name: 'at each call',
      given: opening(1, 80),
      expect: {
        detail: /^The model is loaded 1 times a call, for 80\.0 ms each: 80 % of the first token\./,
        savingByPart: { firstToken: 80, token: 0 },
        nodes: ['app.mjs:12'],
      },
    },
    {
      name: 'a little over every second call',
      given: opening(0.51, 80, null),
      expect: { savingByPart: { firstToken: 40.8, token: 0 }, nodes: [] },
    },
    { name: 'a little over three per cent', given: opening(1, 3.1) },
  ],
  clear: [
    { name: 'never', given: exampleEvidence() },
    { name: 'a little under every second call', given: opening(0.49, 80) },
    { name: 'a little under three per cent', given: opening(1, 2.9) },
  ],
})
