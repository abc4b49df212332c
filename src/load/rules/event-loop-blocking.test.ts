import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint, exampleServer } from '../example-evidence.ts'
import { eventLoopBlocking } from './event-loop-blocking.ts'

test('found: with what one process can answer at most', () => {
  const point = examplePoint({ achievedPerSecond: 4000, server: exampleServer({ eventLoopShare: 0.8, eventLoopLongestMs: 12 }) })
  expect(eventLoopBlocking.check(exampleEvidence([point]))?.detail).toMatch(
    /^At 4000 answers\/s .* busy 80 % of the time, 12\.0 ms at a stretch .* about 5000 requests\/s\.$/,
  )
})

test('clear: it has time left, or nothing is known of it', () => {
  for (const point of [examplePoint({ server: exampleServer({ eventLoopShare: 0.3 }) }), examplePoint()])
    expect(eventLoopBlocking.check(exampleEvidence([point]))).toBe(null)
})

test('busy for seven tenths of the time', () => {
  const isFound = (eventLoopShare: number) =>
    eventLoopBlocking.check(exampleEvidence([examplePoint({ server: exampleServer({ eventLoopShare }) })])) !== null
  expect([0.71, 0.69].map(isFound)).toEqual([true, false])
})
