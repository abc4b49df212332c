import { describe, expect, test } from 'vitest'
import { exampleBench, exampleEvidence, exampleSetup } from '../../test/support/tune/example-bench.ts'
import type { Goal } from '../remedies/kit/remedy.ts'
import type { Bench, Judgement } from './bench.ts'
import { costsLatency } from './latency-cost.ts'

const base = exampleSetup()
const changed = exampleSetup('a')

/** `ratios`: how many times as long each prediction with the change takes as one without, which takes 10 ms. */
async function costOf(ratios: readonly number[], seen: number | null = null, goal: Goal = 'memory') {
  let [turn, asked] = [0, 0]
  const predictMs: Bench['predictMs'] = async (setup) => {
    asked++
    return { outcome: 'measured', value: setup === base ? 10 : 10 * ratios[turn++]! }
  }
  const bench = { ...exampleBench({ seed: 1, noise: 0, timeMs: () => 10 }), predictMs }
  const judgement = { beforeMs: seen && 10, afterMs: seen && 10 * seen } as Judgement
  const reason = await costsLatency({ bench, evidence: exampleEvidence({ goal }) }, judgement, base, changed)
  return { reason, asked }
}

describe('a tenth more of a prediction', () => {
  test.each([
    [1.08, null],
    [1.12, 'it serves the goal, but predictions take 1.12 times as long'],
  ])('is allowed at most: %d times as long', async (ratio, reason) => {
    expect((await costOf(Array(6).fill(ratio))).reason).toBe(reason)
  })

  test.each([
    [1.08, 0],
    [1.12, 12],
  ])('asks for more predictions where the judgement shows it: %d times as long, %d of them', async (seen, asked) => {
    expect((await costOf(Array(6).fill(1.12), seen)).asked).toBe(asked)
  })
})

test.each([
  ['below 1.05 one round is enough', [1.03, 1.03], 4],
  ['above it there are three', [1.07, 1.07, 1.07, 1.07, 1.07, 1.07], 12],
  ['the fastest of each side counts', [1.2, 1.2, 1.2, 1.03], 8],
])('%s', async (_, ratios, asked) => {
  expect(await costOf(ratios)).toEqual({ reason: null, asked })
})

test('throughput may make a prediction as long as it likes', async () => {
  expect(await costOf([], 8, 'throughput')).toEqual({ reason: null, asked: 0 })
})
