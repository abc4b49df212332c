import { describe, expect, test } from 'vitest'
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

describe('a look', () => {
  /** 500 ms on three CPUs, of which the first and the third may be used. */
  const looked = (waitedMs: number | null) => {
    let nowMs = 0
    const times = (user: number, idle: number) => ({ times: { user, nice: 0, sys: 0, idle, irq: 0 } })
    return lookAround({
      allowed: [0, 2],
      usableCpus: 2,
      cpus: () =>
        nowMs === 0 ? [times(10, 10), times(10, 10), times(10, 10)] : [times(110, 410), times(510, 10), times(60, 460)],
      startWatch: () => ({ stop: async () => ({ wallMs: 500, stolenCpuMs: 50 }) as never }),
      watchRunQueue: () => () => waitedMs,
      nowMs: () => nowMs,
      sleep: async (ms) => {
        nowMs += ms
      },
      clock: () => 3,
    })
  }

  test('is what others took of the CPUs that may be used', async () => {
    // Busy 100 of 500 ms and 50 of 500 ms; the second CPU may not be used. For others 100 of 500 ms of waiting.
    expect(await looked(100)).toMatchObject({ busyShare: expect.closeTo(0.15), waitedShare: 0.2, clock: 3 })
    expect(await looked(null)).toMatchObject({ waitedShare: null })
  })

  test('reads this machine', async () => {
    const { busyShare, clock } = await lookAround({ sleep: async () => {} })
    expect([busyShare, clock].every(Number.isFinite)).toBe(true)
    expect(clock).toBeGreaterThan(0)
  })
})
