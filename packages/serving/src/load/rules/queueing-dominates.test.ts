import { checkRule, exampleEvidence, examplePoint, exampleSetup, withParts } from '../../../test/support/load/check-rule.ts'
import { queueingDominates } from './queueing-dominates.ts'

const one = { setup: exampleSetup({ workers: 1 }) }
const point = (queue: number, compute: number, changed = {}) =>
  withParts(examplePoint(changed), { queue: { slowest: queue, all: 4 }, compute: { slowest: compute, all: 8 } })
/** A rate of 1 are 8 ms of each second of one worker. */
const waiting = (rate: number) => exampleEvidence([point(30, 10, { offeredPerSecond: rate, achievedPerSecond: rate })], {}, one)

const COUNTED = { requests: 500, rowsTogether: 1, queueMs: 30, inputMs: 0.1, inferMs: 9, outputMs: 0.1 }
const counted = (meanMs: number | null, queueMs: number) =>
  exampleEvidence([examplePoint({ meanMs, statistics: { ...COUNTED, queueMs } })])

const why = (ending: RegExp) => ({ detail: ending })

checkRule(queueingDominates, {
  found: [
    {
      // 100 a second of 8 ms are 80 % of one worker.
      name: 'with what the workers have left',
      given: waiting(100),
      expect: {
        detail:
          'At 100 requests/s the slowest hundredth takes 40.0 ms: 30.0 ms in the queue, 10.0 ms computing. Workers are busy 80 % of the time:' +
          ' more of them, or a cheaper prediction, is what helps.',
        wouldSaveMs: 30,
      },
    },
    {
      name: 'of a server that reports its queue, too',
      given: exampleEvidence([
        withParts(examplePoint(), { 'server: queue': { slowest: 30, all: 4 }, 'server: compute': { slowest: 10, all: 8 } }),
      ]),
      expect: why(/30\.0 ms in the queue, 10\.0 ms computing\.$/),
    },
    {
      name: "on average, of a server that keeps Triton's statistics and reports no request's own",
      given: counted(41, 30),
      expect: {
        detail:
          /takes 41\.0 ms on average; by the server's own statistics a request waits 30\.0 ms in its queue and takes 9\.00 ms in/,
        wouldSaveMs: null,
      },
    },
    { name: 'a little over half of the latency', given: exampleEvidence([point(51, 49)]) },
    { name: 'a little over 1 ms', given: exampleEvidence([point(1.02, 0.5)]) },
    { name: 'a little over half of the mean', given: counted(100, 51) },
    { name: 'a little over 1 ms on average', given: counted(1.5, 1.02) },
    {
      name: 'busy workers',
      given: waiting(89),
      expect: why(/ 71 % of the time: more of them, or a cheaper prediction, is what helps\.$/),
    },
    { name: 'workers that are not busy', given: waiting(86), expect: why(/ 69 % of the time\.$/) },
    { name: 'workers that are not idle', given: waiting(64), expect: why(/ 51 % of the time\.$/) },
    {
      name: 'idle workers',
      given: waiting(61),
      expect: why(/ 49 % of the time: requests that arrive together, or predictions that take long, make others wait\.$/),
    },
  ],
  clear: [
    { name: 'by these statistics most of the time is no wait', given: counted(70, 30) },
    { name: 'no mean is known', given: counted(null, 30) },
    { name: 'a little under half of the mean', given: counted(100, 49) },
    { name: 'a little under 1 ms on average', given: counted(1.5, 0.98) },
    {
      name: 'what waits for others to join waits for no worker',
      given: exampleEvidence([
        withParts(examplePoint(), {
          queue: { slowest: 2, all: 1 },
          'batch-wait': { slowest: 30, all: 10 },
          compute: { slowest: 10, all: 8 },
        }),
      ]),
    },
    { name: 'a little under half of the latency', given: exampleEvidence([point(49, 51)]) },
    { name: 'a little under 1 ms', given: exampleEvidence([point(0.98, 0.5)]) },
  ],
  notChecked: [{ name: 'nothing is known of a queue', given: exampleEvidence([examplePoint()]) }],
})
