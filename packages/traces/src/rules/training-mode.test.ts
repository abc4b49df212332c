import { checkRule, traced } from '../../test/support/check-rule.ts'
import { trainingMode } from './training-mode.ts'

checkRule(trainingMode, {
  found: [
    {
      name: 'dropout that draws numbers',
      given: traced({ training: { trainingOnly: [{ name: 'aten::native_dropout', calls: 24 }], trainingMs: 5 } }),
      expect: { wouldSaveMs: 0.5, detail: /24 calls.*native_dropout/ },
    },
  ],
  clear: [{ name: 'evaluation mode', given: traced() }],
  notChecked: [{ name: 'no operators', given: traced({ training: null }) }],
  doesNotApply: [
    {
      name: 'training',
      given: traced({ training: { backward: true, trainingOnly: [{ name: 'aten::native_dropout', calls: 24 }], trainingMs: 5 } }),
    },
  ],
})
