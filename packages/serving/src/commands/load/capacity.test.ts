import { expect, test } from 'vitest'
import { capacityOf, clientsFor, possiblePerSecond } from './capacity.ts'

test('two batches for each worker have a client for each row, as far as there are places', () => {
  expect(clientsFor({ workers: 2, maxBatch: 1, queueLimit: 64 })).toBe(4)
  expect(clientsFor({ workers: 2, maxBatch: 8, queueLimit: 64 })).toBe(32)
  expect(clientsFor({ workers: 2, maxBatch: 32, queueLimit: 64 })).toBe(64)
  expect(clientsFor({ workers: 4, maxBatch: 32, queueLimit: 2 })).toBe(8)
})

/** The first answers come after so many seconds. */
const slow = async (firstAfter: number, hasTimeFor: (seconds: number) => boolean = () => true) => {
  const made: number[] = []
  const capacity = await capacityOf(async (seconds) => {
    made.push(seconds)
    return { achievedPerSecond: seconds < firstAfter ? 0 : 4 }
  }, hasTimeFor)
  return { ...capacity, made }
}

test('a run without an answer is made longer, while there is time', async () => {
  expect(await slow(1)).toEqual({ answersPerSecond: 4, seconds: 1.5, made: [1.5] })
  expect(await slow(3)).toEqual({ answersPerSecond: 4, seconds: 6, made: [1.5, 6] })
  expect(await slow(20)).toEqual({ answersPerSecond: 4, seconds: 24, made: [1.5, 6, 24] })
  expect(await slow(99)).toEqual({ answersPerSecond: 0, seconds: 24, made: [1.5, 6, 24] })
  expect(await slow(20, (seconds) => seconds < 10)).toEqual({ answersPerSecond: 0, seconds: 6, made: [1.5, 6] })
})

test('a lump of all workers’ rows may have come just after the end', () => {
  const setup = { workers: 2, maxBatch: 16, queueLimit: 64 }
  // One lump of 32 in 1.5 s, or two.
  expect(possiblePerSecond({ answersPerSecond: 32 / 1.5, seconds: 1.5 }, setup)).toBeGreaterThanOrEqual(64 / 1.5)
  expect(possiblePerSecond({ answersPerSecond: 1000, seconds: 1.5 }, { ...setup, maxBatch: 1 })).toBeLessThan(1060)
})
