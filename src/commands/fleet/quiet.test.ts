import { expect, test } from 'vitest'
import { disturbanceIn, lookAround } from './quiet.ts'

const quiet = { busyShare: 0.02, stolenShare: 0, waitedShare: 0.01, clock: 3 }

test('a machine is quiet up to a tenth of its CPUs, with a steady clock', () => {
  expect(disturbanceIn(quiet)).toBeNull()
  expect(disturbanceIn({ ...quiet, clock: 2.8 }, quiet)).toBeNull()
  expect(disturbanceIn({ ...quiet, busyShare: 0.25 })).toBe('others took 25 % of its CPUs')
  expect(disturbanceIn({ ...quiet, stolenShare: 0.06 })).toBe('the hypervisor took 6 % of its CPUs')
  expect(disturbanceIn({ ...quiet, waitedShare: 0.3 })).toBe('others waited for a CPU for 30 % of the time')
  expect(disturbanceIn({ ...quiet, waitedShare: null })).toBeNull()
  expect(disturbanceIn({ ...quiet, clock: 2.4 }, quiet)).toBe('its clock rate changed by 20 % meanwhile')
})

test('a look gives shares and a rate', async () => {
  const { busyShare, stolenShare, waitedShare, clock } = await lookAround()
  expect(busyShare).toBeGreaterThanOrEqual(0)
  expect(busyShare).toBeLessThanOrEqual(1)
  expect(stolenShare).toBeGreaterThanOrEqual(0)
  expect(waitedShare ?? 0).toBeGreaterThanOrEqual(0)
  expect(clock).toBeGreaterThan(0)
})
