import { expect, test } from 'vitest'
import { readUsableCpus } from '../../machine/index.ts'
import { effectiveClock, measureHandoff } from './handoff.ts'

test('a handoff is a plausible time, or null where there is no second CPU', async () => {
  const ns = await measureHandoff(5)
  if (readUsableCpus() < 2) expect(ns).toBeNull()
  // Never below one load and one store; null where another process holds the second CPU.
  else if (ns !== null) expect(ns).toBeGreaterThan(1)
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
