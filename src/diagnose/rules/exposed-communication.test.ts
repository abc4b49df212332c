import { checkRule } from '../check-rule.ts'
import { traced } from '../example-trace.ts'
import { exposedCommunication } from './exposed-communication.ts'

checkRule(exposedCommunication, {
  found: [
    {
      name: 'an exchange that nothing covers',
      given: traced({
        device: {
          communicationMs: 30,
          overlappedCommunication: 0.2,
          shares: { lengthMs: 100, compute: 0.6, communication: 0.24, copy: 0.06, idle: 0.1 },
        },
      }),
      expect: { wouldSaveMs: 2.4, detail: /24 %.*20 % of it is hidden/ },
    },
  ],
  clear: [{ name: 'an exchange behind kernels', given: traced() }],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
  doesNotApply: [{ name: 'one device', given: traced({ device: { communicationMs: 0 } }) }],
})
