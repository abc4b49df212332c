import { checkRule, traced } from '../../test/support/check-rule.ts'
import { syncThenGap } from './sync-then-gap.ts'

checkRule(syncThenGap, {
  found: [
    {
      name: 'waits in the step',
      given: traced({ device: { syncs: 50, syncGap: 0.2 } }),
      expect: { wouldSaveMs: 2, detail: /50 waits.*20 %/ },
    },
    { name: '3.06 % of the time', given: traced({ device: { syncs: 50, syncGap: 0.0306 } }), expect: { wouldSaveMs: 0.306 } },
  ],
  clear: [
    { name: 'waits that nothing follows', given: traced() },
    { name: 'one wait, the last', given: traced({ device: { syncs: 1, syncGap: 0.2 } }) },
    { name: '2.94 % of the time', given: traced({ device: { syncs: 50, syncGap: 0.0294 } }) },
  ],
  notChecked: [
    { name: 'calls are not recorded', given: traced({ device: { syncGap: null } }) },
    { name: 'a recording of the host alone', given: traced({ device: null }) },
  ],
})
