// Passes on a scripted clock.
import { expect, test } from 'vitest'
import { timePasses } from './time-passes.ts'

/** A clock that each call moves on by so many ms. */
function clock(callMs: number) {
  let ns = 0n
  const call = () => {
    ns += BigInt(Math.round(callMs * 1e6))
  }
  return { now: () => ns, call }
}

test('goes on until both the time and the passes are reached', async () => {
  const { now, call } = clock(10)
  expect(await timePasses({ call, samples: () => [0, 1], leastMs: 50, leastPasses: 2 }, now)).toEqual([20, 20, 20])
  expect(await timePasses({ call, samples: () => [0, 1], leastMs: 0, leastPasses: 4 }, now)).toHaveLength(4)
})

test('short passes are timed together, and what is told is one of them', async () => {
  const { now, call } = clock(0.001)
  const passes = await timePasses({ call, samples: () => [0], leastMs: 1, leastPasses: 3 }, now)
  for (const ms of passes) expect(ms).toBeCloseTo(0.001)
})

test('what takes less than 0.2 ms is timed together', async () => {
  const timesRead = async (callMs: number) => {
    const { now, call } = clock(callMs)
    let calls = 0
    const counted = () => {
      calls++
      call()
    }
    await timePasses({ call: counted, samples: () => [0], leastMs: 0, leastPasses: 1 }, now)
    return calls
  }
  // The first reading tells, and two together are timed then.
  expect([await timesRead(0.19), await timesRead(0.21)]).toEqual([3, 1])
})

test('samples are made outside the time', async () => {
  let ns = 0n
  const samples = () => {
    ns += 1_000_000_000n
    return [0]
  }
  const call = () => {
    ns += 5_000_000n
  }
  expect(await timePasses({ call, samples, leastMs: 0, leastPasses: 2 }, () => ns)).toEqual([5, 5])
})
