import { checkRule, traced } from '../../test/support/check-rule.ts'
import { launchBound } from './launch-bound.ts'

const quiet = { dataLoading: 0, compiling: 0, allocating: 0, synchronising: 0, launching: 0, dispatching: 0, unrecorded: 0 }

const handingOut = (share: number) =>
  traced({
    device: {
      shares: { lengthMs: 100, compute: 0.5, communication: 0, copy: 0, idle: 0.5 },
      idleParts: { ...quiet, launching: share / 2, dispatching: share / 2 },
    },
  })

checkRule(launchBound, {
  found: [
    {
      name: 'a host that is launching while the device waits',
      given: traced({
        device: {
          shares: { lengthMs: 100, compute: 0.5, communication: 0, copy: 0, idle: 0.5 },
          idleParts: { ...quiet, launching: 0.2, dispatching: 0.15 },
        },
      }),
      expect: { wouldSaveMs: 3.5, detail: /waits 35 %.*20 % in launch calls/ },
    },
    { name: '10.2 % of the time', given: handingOut(0.102), expect: { wouldSaveMs: 1.02 } },
  ],
  clear: [
    { name: 'a host that is ahead', given: traced() },
    { name: '9.8 % of the time', given: handingOut(0.098) },
  ],
  notChecked: [
    { name: 'calls are not recorded', given: traced({ facts: { launches: null } }) },
    { name: 'a recording of the host alone', given: traced({ device: null }) },
  ],
})
