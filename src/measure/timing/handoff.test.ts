import { expect, test } from 'vitest'
import { effectiveClock, measureHandoff } from './handoff.ts'

test('a handoff takes longer than one load and one store', async () => {
  // So patient, and in such short batches, that other processes on the second CPU do not end it.
  expect(await measureHandoff(300, { usableCpus: 2, patienceMs: 20_000, roundTrips: 1 })).toBeGreaterThan(1)
})

test('there is none with one CPU', async () => {
  expect(await measureHandoff(5, { usableCpus: 1 })).toBeNull()
})

test('the workers end with the measurement', async () => {
  const resources = () => process.getActiveResourcesInfo().filter((name) => /MessagePort|Worker/.test(name)).length
  const before = resources()
  await measureHandoff(1)
  expect(resources()).toBe(before)
})

test('the clock is a positive, finite rate', () => {
  const clock = effectiveClock()
  expect(clock).toBeGreaterThan(0)
  expect(Number.isFinite(clock)).toBe(true)
})
