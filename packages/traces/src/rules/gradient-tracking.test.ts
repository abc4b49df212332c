import { checkRule, traced } from '../../test/support/check-rule.ts'
import { gradientTracking } from './gradient-tracking.ts'

checkRule(gradientTracking, {
  found: [
    {
      name: 'operators with numbers',
      given: traced({ training: { tracked: 400 } }),
      expect: { wouldSaveMs: 0, detail: /400 of 500 matrix products/ },
    },
  ],
  clear: [{ name: 'no gradients', given: traced() }],
  notChecked: [{ name: 'no operators', given: traced({ training: null }) }],
  doesNotApply: [{ name: 'training', given: traced({ training: { tracked: 400, backward: true } }) }],
})
