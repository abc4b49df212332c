import { checkRule, requested, traced } from '../../test/support/check-rule.ts'
import { modelReloadedPerCall } from './model-reloaded-per-call.ts'

const reloads = (share: number) => requested({ reloads: { share, ms: 500 } })

checkRule(modelReloadedPerCall, {
  found: [
    {
      // 0.4 · 500 ms of 1 s.
      name: 'two of five',
      given: reloads(0.4),
      expect: { detail: /^40 % of the requests after the first load the model, for 500 ms\./, wouldSaveMs: 200 },
    },
    { name: 'a little over a tenth', given: reloads(0.102) },
  ],
  clear: [
    { name: 'none', given: requested() },
    { name: 'a little under a tenth', given: reloads(0.098) },
  ],
  doesNotApply: [{ name: 'a profile', given: traced() }],
  notChecked: [{ name: 'one request', given: requested({ reloads: null }) }],
})
