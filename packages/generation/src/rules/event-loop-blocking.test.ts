import { checkRule, exampleEvidence } from '../../test/support/check-rule.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

const loop = (utilization: number, longestDelayMs: number) => exampleEvidence({ eventLoop: { utilization, longestDelayMs } })

checkRule(eventLoopBlocking, {
  found: [
    {
      name: 'all of the time',
      given: loop(1, 400),
      expect: { detail: /busy 100 % of the time, and a timer waits up to 400 ms/, wouldSaveMs: 0, timeMs: 0 },
    },
    { name: 'a little over 50 ms', given: loop(1, 51) },
    { name: 'a little over seven tenths', given: loop(0.71, 400) },
  ],
  clear: [
    { name: 'free', given: exampleEvidence() },
    { name: 'a little under 50 ms', given: loop(1, 49) },
    { name: 'a little under seven tenths', given: loop(0.69, 400) },
  ],
})
