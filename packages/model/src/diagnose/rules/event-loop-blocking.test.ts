import { checkRule, engine, evidence } from '../../../test/support/diagnose/check-rule.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

checkRule(eventLoopBlocking, {
  found: [
    {
      name: 'a loop held for 80 ms, as a note',
      given: evidence({ p50Ms: 80, eventLoop: { busyShare: 1, longestDelayMs: 90 } }),
      expect: {
        wouldSaveMs: 0,
        timeMs: 80,
        basis: 'measured',
        detail: /busy 100 % of the time, and a timer came up to 90\.0 ms late/,
      },
    },
    {
      name: 'a short prediction whose calls pile up',
      given: evidence({ p50Ms: 5, eventLoop: { busyShare: 0.99, longestDelayMs: 120 } }),
    },
    { name: 'an engine known to be synchronous, unmeasured', given: evidence({ p50Ms: 80 }), expect: { basis: 'modelled' } },
    { name: 'a loop held for 51 ms', given: evidence({ p50Ms: 51, eventLoop: { busyShare: 1, longestDelayMs: 2 } }) },
    {
      name: 'a loop held for 51 % of the time',
      given: evidence({ p50Ms: 80, eventLoop: { busyShare: 0.51, longestDelayMs: 2 } }),
    },
  ],
  clear: [
    { name: 'a prediction of 5 ms', given: evidence({ p50Ms: 5, eventLoop: { busyShare: 1, longestDelayMs: 6 } }) },
    { name: 'a loop left free', given: evidence({ p50Ms: 80, eventLoop: { busyShare: 0.1, longestDelayMs: 2 } }) },
    { name: 'a loop held for 49 ms', given: evidence({ p50Ms: 49, eventLoop: { busyShare: 1, longestDelayMs: 2 } }) },
    {
      name: 'a loop held for 49 % of the time',
      given: evidence({ p50Ms: 80, eventLoop: { busyShare: 0.49, longestDelayMs: 2 } }),
    },
  ],
  notChecked: [
    { name: 'an engine nobody measured', given: evidence({ p50Ms: 80, engine: engine({ id: 'ort-webgpu', offers: [] }) }) },
  ],
})
