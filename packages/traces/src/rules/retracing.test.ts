import { checkRule, traced } from '../../test/support/check-rule.ts'
import { retracing } from './retracing.ts'

checkRule(retracing, {
  found: [
    {
      name: 'compilations in warm steps',
      given: traced({ host: { compiling: 0.5, compilations: 4 } }),
      expect: { wouldSaveMs: 5, detail: /4 compilations within 10 warm steps take 50 %/ },
    },
    {
      name: 'a function that is traced at each call',
      given: traced({ facts: { tracing: { calls: 20, expensiveCalls: 18, expensive: 0.9 } } }),
      expect: { wouldSaveMs: 9, detail: /18 of 20 calls of tf/ },
    },
    {
      name: 'compilations for 3.06 % of the time',
      given: traced({ host: { compiling: 0.0306, compilations: 1 } }),
      expect: { wouldSaveMs: 0.306 },
    },
    {
      name: 'traced calls that take 20.4 % of the time of all',
      given: traced({ facts: { tracing: { calls: 20, expensiveCalls: 2, expensive: 0.204 } } }),
      expect: { wouldSaveMs: 2.04 },
    },
  ],
  clear: [
    { name: 'nothing is compiled', given: traced() },
    { name: 'traced once', given: traced({ facts: { tracing: { calls: 20, expensiveCalls: 1, expensive: 0.1 } } }) },
    { name: 'compilations for 2.94 % of the time', given: traced({ host: { compiling: 0.0294, compilations: 1 } }) },
    {
      name: 'traced calls that take 19.6 % of the time of all',
      given: traced({ facts: { tracing: { calls: 20, expensiveCalls: 2, expensive: 0.196 } } }),
    },
  ],
  notChecked: [{ name: 'no host', given: traced({ host: null }) }],
})
