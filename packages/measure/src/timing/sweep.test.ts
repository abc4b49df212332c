// Points on scripted trials: each round meets all of them, there and back again.
import { expect, test } from 'vitest'
import { exampleBlock } from '../../test/support/timing/example-block.ts'
import { failed, measured, scriptedRunner } from '../../test/support/trials/example-runner.ts'
import type { Trial } from '../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { measureSweep, type SweepPlan } from './sweep.ts'
import type { LatencyBlock } from './types.ts'

const limits = { timeMs: 1000, memoryBytes: null }

async function swept(given: Partial<SweepPlan>, trial: (at: number, round: number) => number | Trial<LatencyBlock>) {
  const runner = scriptedRunner({
    latency: ({ modelFile, process }: LatencyInput) => {
      const one = trial(Number(modelFile), process)
      return typeof one === 'number' ? measured(exampleBlock(one)) : one
    },
  })
  let announced = 0
  const points = [1, 2, 4].map((at) => ({ at, task: { modelFile: String(at) } as SweepPlan['points'][number]['task'] }))
  const plan = { run: runner.run, dimension: 'batch', unit: 'samples', current: 1, points, rounds: 2, fit: true, ...given }
  const sweep = await measureSweep(plan, limits, () => announced++)
  const inputs = runner.asked.map(({ input }) => input as LatencyInput)
  return { sweep, inputs, announced, order: inputs.map(({ modelFile }) => modelFile).join(' ') }
}

test('points take turns, and each is the median of its processes', async () => {
  // 1 ms a call and 2 ms a sample, a tenth slower in the second round.
  const { sweep, order, inputs, announced } = await swept({}, (at, round) => (1 + 2 * at) * (round === 0 ? 1 : 1.1))
  expect(order).toBe('1 2 4 4 2 1')
  expect(announced).toBe(6)
  expect(inputs.every(({ brief }) => brief)).toBe(true)
  expect(sweep).toMatchObject({ dimension: 'batch', unit: 'samples', current: 1 })
  expect(sweep!.points.map(({ at }) => at)).toEqual([1, 2, 4])
  expect(sweep!.points[2]).toEqual({ at: 4, p50Ms: expect.closeTo(9.45), ciLowMs: 9, ciHighMs: expect.closeTo(9.9) })
  expect(sweep!.fit).toEqual({ fixedMs: expect.closeTo(1.05), perUnitMs: expect.closeTo(2.1) })
})

test('a point that cannot be measured is left out, with what was measured of it', async () => {
  const { sweep } = await swept({}, (at, round) => (at === 2 && round === 1 ? { outcome: 'timed-out', limitMs: 1000 } : at))
  expect(sweep!.points.map(({ at }) => at)).toEqual([1, 4])
  // A line through two points fits always, and tells nothing.
  expect(sweep!.fit).toBeNull()
})

test('no line where none is asked for', async () => {
  expect((await swept({ fit: false }, (at) => at)).sweep!.fit).toBeNull()
})

test('one point alone is no sweep', async () => {
  const { sweep, order } = await swept({}, (at) => (at === 1 ? 1 : failed('out of range')))
  expect(sweep).toBeUndefined()
  // What was refused at first is not asked again.
  expect(order).toBe('1 2 4 1')
})

test('alternatives are held against the one in use round by round, the more of them the more surely', async () => {
  // Rounds of 1, 2 and 4 times the pace: ranges overlap, ratios do not scatter much.
  const { sweep } = await swept({ fit: false, rounds: 3 }, (at, round) => (at === 4 ? 0.5 + 0.01 * round : 1) * 2 ** round)
  expect(sweep!.points.map(({ overCurrent }) => overCurrent?.ratio)).toEqual([undefined, 1, expect.closeTo(0.51)])
  const [, , four] = sweep!.points
  // Two others: 95 % in place of 90 %, so that t is 4.303. Logs of 0.5, 0.51, 0.52: s = 0.0196.
  expect(four!.overCurrent!.ratioHigh).toBeCloseTo(
    Math.exp(Math.log(0.5 * 0.51 * 0.52) / 3 + (4.303 * 0.01961) / Math.sqrt(3)),
    3,
  )
  expect((await swept({}, (at) => at)).sweep!.points[1]).not.toHaveProperty('overCurrent')
})
