import { checkRule, exampleEvidence, examplePoint, exampleServer, exampleSetup } from '../../../test/support/load/check-rule.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

const given = (eventLoopShare: number) =>
  exampleEvidence(
    [examplePoint({ achievedPerSecond: 4000, server: exampleServer({ eventLoopShare, eventLoopLongestMs: 12 }) })],
    {},
    { setup: exampleSetup({}) },
  )

checkRule(eventLoopBlocking, {
  found: [
    {
      name: 'with what one process can answer at most',
      given: given(0.8),
      expect: {
        detail:
          /^While it answers 4000 requests\/s, .* busy 80 % of the time, 12\.0 ms at a stretch .* about 5000 requests\/s\.$/,
      },
    },
    { name: 'busy for a little over seven tenths of the time', given: given(0.71) },
  ],
  clear: [
    { name: 'busy for a little under seven tenths of the time', given: given(0.69) },
    { name: 'it has time left', given: given(0.3) },
  ],
  notChecked: [{ name: 'the server is not our own', given: exampleEvidence([examplePoint()]) }],
})
