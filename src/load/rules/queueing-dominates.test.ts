import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint, exampleSetup, withParts } from '../example-evidence.ts'
import { queueingDominates } from './queueing-dominates.ts'

const waiting = (offeredPerSecond: number) =>
  withParts(examplePoint({ offeredPerSecond, achievedPerSecond: offeredPerSecond }), {
    queue: { slowest: 30, all: 4 },
    compute: { slowest: 10, all: 8 },
  })

// 100 a second of 8 ms are 80 % of one worker.
test('found: with what the workers have left', () => {
  const found = queueingDominates.check(exampleEvidence([waiting(100)], {}, { setup: exampleSetup({ workers: 1 }) }))
  expect(found?.detail).toBe(
    'At 100 requests/s the slowest hundredth takes 40.0 ms: 30.0 ms in the queue, 10.0 ms computing. Workers are busy 80 % of the time:' +
      ' more of them, or a cheaper prediction, is what helps.',
  )
  expect(found?.wouldSaveMs).toBe(30)
  const idle = queueingDominates.check(exampleEvidence([waiting(20)], {}, { setup: exampleSetup({ workers: 1 }) }))
  expect(idle?.detail).toMatch(/busy 16 % of the time: requests that arrive together/)
})

test('found: of a server that tells of its queue, too', () => {
  const told = withParts(examplePoint(), { 'server: queue': { slowest: 30, all: 4 }, 'server: compute': { slowest: 10, all: 8 } })
  expect(queueingDominates.check(exampleEvidence([told]))?.detail).toMatch(/30\.0 ms in the queue, 10\.0 ms computing\.$/)
})

const COUNTED = { requests: 500, rowsTogether: 1, queueMs: 30, inputMs: 0.1, inferMs: 9, outputMs: 0.1 }

test("found: on average, of a server that keeps Triton's statistics and tells no request's own", () => {
  const found = queueingDominates.check(exampleEvidence([examplePoint({ meanMs: 41, statistics: COUNTED })]))
  expect(found?.detail).toMatch(
    /takes 41\.0 ms on average; by the server's own statistics a request waits 30\.0 ms in its queue and takes 9\.0 ms in/,
  )
  expect(found?.wouldSaveMs).toBe(null)
})

test('clear: by these statistics most of the time is no wait, or no mean is known', () => {
  for (const changed of [{ meanMs: 70 }, { meanMs: null }, { meanMs: 1, statistics: { ...COUNTED, queueMs: 0.8 } }])
    expect(queueingDominates.check(exampleEvidence([examplePoint({ statistics: COUNTED, ...changed })]))).toBe(null)
})

test('clear: what waits for others to join waits for no worker', () => {
  const delayed = withParts(examplePoint(), {
    queue: { slowest: 2, all: 1 },
    'batch-wait': { slowest: 30, all: 10 },
    compute: { slowest: 10, all: 8 },
  })
  expect(queueingDominates.check(exampleEvidence([delayed]))).toBe(null)
})

test('clear: computing takes longer, the queue is short, or nothing is known of it', () => {
  const computing = withParts(examplePoint(), { queue: { slowest: 9, all: 1 }, compute: { slowest: 10, all: 8 } })
  const short = withParts(examplePoint(), { queue: { slowest: 0.5, all: 0 }, compute: { slowest: 0.1, all: 0.1 } })
  for (const point of [computing, short, examplePoint()]) expect(queueingDominates.check(exampleEvidence([point]))).toBe(null)
})

test('half of the latency, and 1 ms', () => {
  const isFound = (queue: number, compute: number) =>
    queueingDominates.check(
      exampleEvidence([withParts(examplePoint(), { queue: { slowest: queue, all: 0 }, compute: { slowest: compute, all: 1 } })]),
    ) !== null
  expect([51, 49].map((queue) => isFound(queue, 100 - queue))).toEqual([true, false])
  expect([1.02, 0.98].map((queue) => isFound(queue, 0.5))).toEqual([true, false])
})

test('half of the mean, and 1 ms, by what the server counted', () => {
  const isFound = (meanMs: number, queueMs: number) =>
    queueingDominates.check(exampleEvidence([examplePoint({ meanMs, statistics: { ...COUNTED, queueMs } })])) !== null
  expect([51, 49].map((queueMs) => isFound(100, queueMs))).toEqual([true, false])
  expect([1.02, 0.98].map((queueMs) => isFound(1.5, queueMs))).toEqual([true, false])
})

// A rate of 1 are 8 ms of each second of one worker.
test('what helps, by how busy the workers are', () => {
  const why = (rate: number) => {
    const found = queueingDominates.check(exampleEvidence([waiting(rate)], {}, { setup: exampleSetup({ workers: 1 }) }))
    return / % of the time(.*)/.exec(found!.detail)![1]
  }
  expect([89, 86].map(why)).toEqual([': more of them, or a cheaper prediction, is what helps.', '.'])
  const together = ': requests that arrive together, or predictions that take long, make others wait.'
  expect([64, 61].map(why)).toEqual(['.', together])
})
