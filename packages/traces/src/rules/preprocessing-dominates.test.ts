import { checkRule, traced } from '../../test/support/check-rule.ts'
import { preprocessingDominates } from './preprocessing-dominates.ts'

const row = {
  ...{ name: 'resize', file: 'serve.py', line: 12, language: 'python' as const, selfShare: 0.4, totalShare: 0.4 },
  ...{ calls: null, nativeShare: null },
}

checkRule(preprocessingDominates, {
  found: [
    {
      name: 'half of the samples outside the call',
      given: traced({ functions: { model: 0.5, outside: 0.5, margin: 0.03, rows: [row] } }),
      expect: {
        wouldSaveMs: 5,
        places: [{ file: 'serve.py', line: 12, function: 'resize' }],
        detail: /50 % of the time.*outside Session\.run/,
      },
    },
    {
      name: '20.4 % at least, of which the three functions that take longest are named',
      given: traced({
        functions: {
          ...{ model: 0.776, outside: 0.224, margin: 0.02 },
          rows: [0.1, 0.4, 0.3, 0.2].map((selfShare, at) => ({ ...row, line: at + 1, selfShare })),
        },
      }),
      expect: { wouldSaveMs: 2.24, places: [2, 3, 4].map((line) => ({ file: 'serve.py', line, function: 'resize' })) },
    },
  ],
  clear: [
    { name: 'a tenth outside', given: traced({ functions: { outside: 0.1 } }) },
    { name: 'a fifth, within the error of few samples', given: traced({ functions: { outside: 0.22, margin: 0.1 } }) },
    { name: '19.6 % at least', given: traced({ functions: { outside: 0.216, margin: 0.02 } }) },
  ],
  notChecked: [{ name: 'no call of a model', given: traced({ functions: { model: null, modelCall: null, outside: null } }) }],
  doesNotApply: [{ name: 'a trace of a device', given: traced() }],
})
