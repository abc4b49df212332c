import { expect, test } from 'vitest'
import { exampleEvidence, examplePoint, withParts } from '../example-evidence.ts'
import { headOfLineBlocking } from './head-of-line-blocking.ts'

const point = (variation: number, queue = 60) =>
  withParts(examplePoint(), { queue: { slowest: queue, all: 4 }, compute: { slowest: 40, all: 8, variation } })

// (1 + 3) times the wait of times that are alike: a quarter of 60 ms is left.
test('found: predictions vary, and others wait', () => {
  const found = headOfLineBlocking.check(exampleEvidence([point(3)]))
  expect(found?.detail).toMatch(/variation 3\.0\).* waits 60\.0 of its 100\.0 ms\..* about 15\.0 ms\.$/)
  expect([found?.wouldSaveMs, found?.basis]).toEqual([45, 'modelled'])
})

test('clear: predictions are alike, nobody waits, or nothing is known', () => {
  for (const one of [point(0.2), point(3, 0.5), examplePoint()])
    expect(headOfLineBlocking.check(exampleEvidence([one]))).toBe(null)
})

test('variation of 1, three tenths of the latency, and 1 ms', () => {
  const isFound = (variation: number, queue: number, compute: number) =>
    headOfLineBlocking.check(
      exampleEvidence([
        withParts(examplePoint(), { queue: { slowest: queue, all: 0 }, compute: { slowest: compute, all: 1, variation } }),
      ]),
    ) !== null
  expect([1.02, 0.98].map((variation) => isFound(variation, 60, 40))).toEqual([true, false])
  expect([31, 29].map((queue) => isFound(3, queue, 100 - queue))).toEqual([true, false])
  expect([1.02, 0.98].map((queue) => isFound(3, queue, 1))).toEqual([true, false])
})
