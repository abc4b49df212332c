// Rounds over kernels on a scripted clock: which run again, and when it ends.
import { expect, test } from 'vitest'
import { scriptedClock } from '../../../test/support/engines/example-clock.ts'
import { type PlannedKernel, readRoofs } from './index.ts'
import type { Kernel } from './kernels.ts'

const kernel = (title: string, work: number): Kernel => ({
  title,
  work,
  model: () => {
    throw new Error('no model is made')
  },
})
const planned = (roof: PlannedKernel['roof'], title: string, work = 1000, startedBy?: Kernel): PlannedKernel => ({
  roof,
  kernel: kernel(title, work),
  ...(startedBy ? { startedBy } : {}),
})

/** `ms` of a kernel's `k`-th turn; each turn takes its slice of the clock. */
async function read(plan: readonly PlannedKernel[], ms: (title: string, k: number) => number, budgetMs = 1e6) {
  const clock = scriptedClock()
  const asked: string[] = []
  const readings = await readRoofs({
    plan,
    deadline: clock.now() + budgetMs,
    now: clock.now,
    async sample({ title }, sliceMs) {
      const k = asked.filter((one) => one === title).length
      asked.push(title)
      clock.pass(sliceMs)
      return [ms(title, k)]
    },
  })
  return { asked: asked.join(' '), readings: readings.map((one) => [one.kernel, one.ok ? one.perSecond : one.reason]) }
}

test('three rounds, of which the later ones leave out what is far from the best of its roof', async () => {
  const plan = [planned('float32', 'fast'), planned('float32', 'near'), planned('float32', 'far'), planned('DRAM', 'other')]
  const { asked, readings } = await read(plan, (title) => ({ fast: 1, near: 1.6, far: 1.7, other: 50 })[title]!)
  expect(asked).toBe('fast near far other fast near other fast near other')
  // Of 1000 in so many ms.
  expect(readings).toEqual([
    ['fast', 1e6],
    ['near', 625_000],
    ['far', expect.closeTo(588_235, 0)],
    ['other', 20_000],
  ])
})

test('goes on as long as a roof rises by more than 2 %, for eight rounds at most', async () => {
  const rounds = async (ms: (k: number) => number) =>
    (await read([planned('int8', 'k')], (_, k) => ms(k))).asked.split(' ').length
  expect(await rounds((k) => [10, 9, 8, 7.99][k] ?? 7.99)).toBe(4)
  expect(await rounds((k) => 0.9 ** k)).toBe(8)
})

test('once the time is up a kernel runs only where its roof has no reading', async () => {
  // A slice of float32 takes 40 ms.
  const plan = [planned('float32', 'a'), planned('float32', 'b'), planned('float32', 'c'), planned('L3', 'd')]
  const { asked, readings } = await read(plan, () => 1, 60)
  expect(asked).toBe('a b d')
  expect(readings[2]).toEqual(['c', 'no time was left to run it'])
})

test('what starting the operators takes is taken off', async () => {
  const starting = kernel('start', 1)
  const { asked, readings } = await read([planned('L2', 'chain', 1000, starting)], (title) => (title === 'start' ? 3 : 5))
  expect(asked).toBe('start chain start chain start chain')
  expect(readings).toEqual([['chain', 500_000]])
})

test('a kernel that the engine cannot run is not tried again, and costs no other', async () => {
  const { asked, readings } = await read([planned('int8', 'bad'), planned('int8', 'good')], (title) => {
    if (title === 'bad') throw new Error('not implemented\nat all')
    return 1
  })
  expect(asked).toBe('bad good good good')
  expect(readings).toEqual([
    ['bad', 'not implemented'],
    ['good', 1e6],
  ])
})
