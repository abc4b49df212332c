// Pairs on scripted trials: who runs when, which pairs count, and when it ends.
import { describe, expect, test } from 'vitest'
import { blockWithHandoff } from '../../test/support/timing/example-block.ts'
import { failed, measured, scriptedRunner } from '../../test/support/trials/example-runner.ts'
import type { Trial } from '../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { measurePaired, type PairedPlan } from './paired.ts'
import type { LatencyBlock } from './types.ts'

const limits = { timeMs: 1000, memoryBytes: null }
const task = (modelFile: string) => ({ modelFile, sampleMs: 50 }) as PairedPlan['base']

/** Trials by model and round; a number is a p50 at the usual handoff. */
async function paired(
  plan: Partial<PairedPlan>,
  trial: (model: string, round: number, call: number) => number | Trial<LatencyBlock>,
) {
  const runner = scriptedRunner({
    latency: ({ modelFile, process }: LatencyInput, call) => {
      const given = trial(modelFile, process, call)
      return typeof given === 'number' ? measured(blockWithHandoff(given, 150)) : given
    },
  })
  const result = await measurePaired(
    { run: runner.run, base: task('base'), changed: task('changed'), pairs: 3, threads: 2, ...plan },
    limits,
  )
  const order = runner.asked.map(({ input }) => `${(input as LatencyInput).modelFile[0]}${(input as LatencyInput).process}`)
  return { result, order: order.join(' ') }
}
const at = (p50Ms: number, handoffNs: number) => measured(blockWithHandoff(p50Ms, handoffNs))

test('base and changed take turns, and the ratio is of what ran side by side', async () => {
  // The machine gets twice as slow from pair to pair; the change saves a tenth throughout.
  const { result, order } = await paired({}, (model, round) => (model === 'base' ? 10 : 9) * 2 ** round)
  expect(order).toBe('b0 c0 c1 b1 b2 c2')
  expect(result).toEqual({
    outcome: 'measured',
    value: {
      baseMs: 20,
      changedMs: 18,
      ratio: expect.closeTo(0.9),
      ratioLow: expect.closeTo(0.9),
      ratioHigh: expect.closeTo(0.9),
      pairs: 3,
    },
  })
})

test('every process measures handoff and clock', async () => {
  const { run, asked } = scriptedRunner({ latency: () => measured(blockWithHandoff(1, 150)) })
  await measurePaired({ run, base: task('base'), changed: task('changed'), pairs: 1, threads: 2 }, limits)
  expect(asked.map(({ input, limits }) => [(input as LatencyInput).brief, limits.timeMs])).toEqual([
    [false, 1000],
    [false, 1000],
  ])
})

describe('pairs that span a change of regime', () => {
  /** In these rounds the changed one meets slow handoffs, and is three times as slow. */
  const slowIn = (rounds: readonly number[]) => (model: string, round: number) =>
    model === 'changed' && rounds.includes(round) ? at(30, 400) : model === 'base' ? 10 : 9

  test('are measured again', async () => {
    const { result, order } = await paired({}, slowIn([1]))
    expect(order).toBe('b0 c0 c1 b1 b2 c2 c3 b3')
    expect(result).toMatchObject({ value: { pairs: 3, ratio: expect.closeTo(0.9), ratioHigh: expect.closeTo(0.9) } })
  })

  test('are as good as others on one thread', async () => {
    const { result, order } = await paired({ threads: 1 }, slowIn([1]))
    expect(order).toBe('b0 c0 c1 b1 b2 c2')
    // 0.9, 3 and 0.9: the slow one is no reason for a fourth.
    const ratioHigh = result.outcome === 'measured' ? result.value.ratioHigh : 0
    expect(ratioHigh).toBeGreaterThan(1)
  })

  test('stand in for others where the machine never settles: two are repeated and no more', async () => {
    const { result, order } = await paired({}, slowIn([0, 1, 2, 3, 4]))
    expect(order.split(' ')).toHaveLength(2 * (3 + 2))
    expect(result).toMatchObject({ value: { pairs: 3, ratio: expect.closeTo(3) } })
  })
})

describe('a change that shows no gain', () => {
  test('ends after two pairs', async () => {
    const { result, order } = await paired({ pairs: 6, futileAbove: 0.97 }, (model) => (model === 'base' ? 10 : 9.9))
    expect(order).toBe('b0 c0 c1 b1')
    expect(result).toMatchObject({ value: { pairs: 2, ratio: expect.closeTo(0.99) } })
  })

  test('goes on as long as one pair gives hope', async () => {
    const { order } = await paired({ pairs: 3, futileAbove: 0.97 }, (model, round) => (model === 'base' || round > 0 ? 10 : 9))
    expect(order).toBe('b0 c0 c1 b1 b2 c2')
  })
})

describe('a side that is not measured', () => {
  test('ends it with the reason', async () => {
    const { result, order } = await paired({}, (model) => (model === 'changed' ? failed('no such kernel') : 10))
    expect(result).toEqual({ outcome: 'failed', reason: 'no such kernel' })
    expect(order).toBe('b0 c0')
  })

  test('is tried once more after a crash', async () => {
    const crashed = { outcome: 'crashed', reason: 'SIGSEGV' } as const
    const once = await paired({ pairs: 2 }, (_, __, call) => (call === 1 ? crashed : 10))
    expect(once.order).toBe('b0 c0 c0 c1 b1')
    expect(once.result).toMatchObject({ outcome: 'measured', value: { pairs: 2 } })
    const always = await paired({ pairs: 2 }, (model) => (model === 'changed' ? crashed : 10))
    expect(always.order).toBe('b0 c0 c0')
    expect(always.result).toEqual(crashed)
  })
})
