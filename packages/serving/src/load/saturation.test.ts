import { expect, test } from 'vitest'
import { exampleRun } from '../../test/support/load/example-queue.ts'
import { grows, queueOf } from './saturation.ts'

const at = (...values: number[]) => Float64Array.from(values)

// Three requests: 0–4, 1–3 and 6–9 ms of a run of 10.
test('outstanding over time', () => {
  const queue = queueOf({ dueMs: at(0, 1, 6), doneMs: at(4, 3, 9), fromMs: 0, toMs: 10 })
  expect(queue.meanOutstanding).toBeCloseTo((4 + 2 + 3) / 10, 9)
  expect(queue.mostOutstanding).toBe(2)
  expect(queue.completed).toBe(3)
  expect(queue.outstandingAtEnd).toBe(0)
  expect(queue.leastOutstanding).toEqual([1, 1, 0, 1, 0])
})

test('the warm-up counts by what it left outstanding', () => {
  const queue = queueOf({ dueMs: at(0, 1), doneMs: at(7, Number.POSITIVE_INFINITY), fromMs: 5, toMs: 10 })
  expect(queue.completed).toBe(1)
  expect(queue.outstandingAtEnd).toBe(1)
  expect(queue.meanOutstanding).toBeCloseTo((2 * 2 + 1 * 3) / 5, 9)
})

test('a queue that never empties and ends longer grows; one that empties does not', () => {
  const queue = { meanOutstanding: 50, mostOutstanding: 99, completed: 900, series: [] }
  expect(grows({ ...queue, leastOutstanding: [5, 25, 45, 60, 80], outstandingAtEnd: 98 }, 1000)).toBe(true)
  expect(grows({ ...queue, leastOutstanding: [5, 25, 0, 60, 80], outstandingAtEnd: 98 }, 1000)).toBe(false)
  expect(grows({ ...queue, leastOutstanding: [5, 25, 45, 20, 3], outstandingAtEnd: 5 }, 1000)).toBe(false)
  expect(grows({ ...queue, leastOutstanding: [20, 20, 22, 21, 25], outstandingAtEnd: 30 }, 1000)).toBe(false)
})

test('what a few requests leave by chance is no growth', () => {
  const queue = { meanOutstanding: 8, mostOutstanding: 17, completed: 85, series: [], leastOutstanding: [1, 4, 6, 9, 12] }
  expect(grows({ ...queue, outstandingAtEnd: 14 }, 100)).toBe(false)
  expect(grows({ ...queue, outstandingAtEnd: 16 }, 100)).toBe(true)
})

test('a hundred requests at 85 % of the capacity: overload is told in at most 2 of 100 runs', () => {
  const told = (workers: number) =>
    Array.from({ length: 100 }, (_, seed) => {
      const { records, sent, measuredFrom, ...run } = exampleRun({ utilisation: 0.85, workers, measuredMs: 1176 / workers, seed })
      const queue = queueOf({ ...run, dueMs: records.dueMs.slice(0, sent), doneMs: records.doneMs.slice(0, sent) })
      return grows(queue, sent - measuredFrom)
    }).filter(Boolean).length
  expect(Math.max(told(1), told(4))).toBeLessThanOrEqual(2)
})
