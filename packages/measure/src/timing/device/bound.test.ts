import { expect, test } from 'vitest'
import { scriptedClock } from '../../../test/support/engines/example-clock.ts'
import type { SampleRun } from '../../engines/types.ts'
import { boundOf, boundTimes } from './bound.ts'

const sampling = (ms: () => number) => ({
  sample: async () => ({ samplesMs: [ms(), ms()] }) as unknown as SampleRun,
})

const clock = scriptedClock()

test('the ratio is taken round by round, so that what slows both down does not count', () => {
  const rounds = [1, 2, 1, 4].map((pace) => ({ copiedMs: 10 * pace, boundMs: 6 * pace }))
  expect(boundOf(rounds)).toEqual({
    copiedMs: 15,
    boundMs: 9,
    ratio: expect.closeTo(0.6),
    ratioLow: expect.closeTo(0.6),
    ratioHigh: expect.closeTo(0.6),
    rounds: 4,
  })
})

test('both take turns, there and back again', async () => {
  const order: string[] = []
  const named = (name: string) => sampling(() => order.push(name) * 0 + 1)
  let rounds = 0
  const found = await boundTimes([named('copied'), named('bound')], [], { now: clock.now, isLate: () => rounds++ >= 4 })
  expect(found).toMatchObject({ rounds: 4, ratio: 1 })
  expect(order.filter((_, i) => i % 2 === 0)).toEqual([
    'copied',
    'bound',
    'bound',
    'copied',
    'copied',
    'bound',
    'bound',
    'copied',
  ])
})

test('too few rounds tell nothing', async () => {
  let rounds = 0
  const both = [sampling(() => 2), sampling(() => 1)] as const
  expect(await boundTimes(both, [], { now: clock.now, isLate: () => rounds++ >= 3 })).toBeNull()
})

test('four rounds are made however slow, and twelve at most', async () => {
  const roundsOf = async (ms: number) => {
    const clock = scriptedClock()
    const slow = sampling(() => {
      clock.pass(ms / 4)
      return 1
    })
    return (await boundTimes([slow, slow], [], { now: clock.now, isLate: () => false }))!.rounds
  }
  // A round of both takes so long; no further one begins after three seconds.
  expect([await roundsOf(2000), await roundsOf(500), await roundsOf(1)]).toEqual([4, 6, 12])
})
