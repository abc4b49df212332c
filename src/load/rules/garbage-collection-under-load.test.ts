import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint, exampleServer, withParts } from '../example-evidence.ts'
import { garbageCollectionUnderLoad } from './garbage-collection-under-load.ts'

const point = (collectionLongestMs: number, collectionShare: number) =>
  withParts(examplePoint({ server: exampleServer({ collectionLongestMs, collectionShare }) }), {
    compute: { slowest: 40, all: 8 },
  })

test('found: a pause as long as a quarter of what the slowest take', () => {
  expect(garbageCollectionUnderLoad.check(exampleEvidence([point(12, 0.02)]))?.detail).toMatch(
    /collects for 2\.0 % of the time, 12\.0 ms at a stretch at most, where the slowest hundredth takes 40\.0 ms\.$/,
  )
})

test('clear: pauses are short or rare, or nothing is known of them', () => {
  for (const one of [point(2, 0.02), point(12, 0.001), examplePoint()])
    expect(garbageCollectionUnderLoad.check(exampleEvidence([one]))).toBe(null)
})

// A quarter of 40 ms, and half a per cent of the time.
test('pauses that are long enough, and often enough', () => {
  const isFound = (longestMs: number, share: number) =>
    garbageCollectionUnderLoad.check(exampleEvidence([point(longestMs, share)])) !== null
  expect([10.2, 9.8].map((longestMs) => isFound(longestMs, 0.02))).toEqual([true, false])
  expect([0.0051, 0.0049].map((share) => isFound(12, share))).toEqual([true, false])
})
