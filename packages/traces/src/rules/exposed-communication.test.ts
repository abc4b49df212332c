import { checkRule, traced } from '../../test/support/check-rule.ts'
import { exposedCommunication } from './exposed-communication.ts'

const exchange = (communication: number) =>
  traced({ device: { shares: { lengthMs: 100, compute: 0.8, communication, copy: 0, idle: 0.2 - communication } } })

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
    { name: 'an exchange of 10.2 %', given: exchange(0.102), expect: { wouldSaveMs: 1.02 } },
  ],
  clear: [
    { name: 'an exchange behind kernels', given: traced() },
    { name: 'an exchange of 9.8 %', given: exchange(0.098) },
  ],
  notChecked: [{ name: 'a recording of the host alone', given: traced({ device: null }) }],
  doesNotApply: [{ name: 'one device', given: traced({ device: { communicationMs: 0 } }) }],
})
