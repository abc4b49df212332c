// Rounds on scripted trials: who runs when, what a failure costs, and what the ratio is of.
import { describe, expect, test } from 'vitest'
import { blockWithHandoff } from '../../test/support/timing/example-block.ts'
import type { Trial } from '../trials/port.ts'
import type { LatencyInput } from './latency-block.ts'
import { measureRounds, type RoundsPlan, ratioOf, type SetupRun } from './rounds.ts'
import type { LatencyBlock } from './types.ts'

const limits = { timeMs: 1000, memoryBytes: null }
const setup = (modelFile: string) => ({ task: { modelFile } as LatencyInput, limits })
const block = (p50Ms: number, handoffNs: number | null = null) => blockWithHandoff(p50Ms, handoffNs)
const measured = (value: LatencyBlock): Trial<LatencyBlock> => ({ outcome: 'measured', value })
type Scripted = Omit<RoundsPlan, 'run'> & { readonly measure: (input: LatencyInput) => Promise<Trial<LatencyBlock>> }
const rounds = ({ measure, ...plan }: Scripted) => measureRounds({ ...plan, run: (_, input) => measure(input as never) as never })
const run = (...blocks: (LatencyBlock | null)[]): SetupRun => ({ blocks, failure: null })

describe('rounds', () => {
  test('go there and back again', async () => {
    const order: string[] = []
    await rounds({
      setups: ['a', 'b', 'c'].map(setup),
      rounds: 3,
      measure: async ({ modelFile, process }) => {
        order.push(`${modelFile}${process}`)
        return measured(block(1))
      },
    })
    expect(order).toEqual(['a0', 'b0', 'c0', 'c1', 'b1', 'a1', 'a2', 'b2', 'c2'])
  })

  test('one that crashes is tried once more, then is out; the others go on', async () => {
    let asked = 0
    const results = await rounds({
      setups: ['a', 'bad'].map(setup),
      rounds: 3,
      measure: async ({ modelFile }) => {
        if (modelFile === 'a') return measured(block(1))
        asked++
        return { outcome: 'crashed', reason: 'SIGSEGV' }
      },
    })
    expect(asked).toBe(2)
    expect(results.map(({ blocks }) => blocks.map((one) => one?.p50Ms ?? null))).toEqual([
      [1, 1, 1],
      [null, null, null],
    ])
    expect(results[1]!.failure).toEqual({ outcome: 'crashed', reason: 'SIGSEGV' })
  })

  test('one that fails by chance stays in', async () => {
    let asked = 0
    const [result] = await rounds({
      setups: [setup('a')],
      rounds: 2,
      measure: async () => (asked++ === 1 ? { outcome: 'failed', reason: 'once' } : measured(block(1))),
    })
    expect(result).toEqual({ blocks: [block(1), block(1)], failure: null })
  })

  test('one that is refused at first is not asked again', async () => {
    let asked = 0
    const [result] = await rounds({
      setups: [setup('a')],
      rounds: 3,
      measure: async () => {
        asked++
        return { outcome: 'failed', reason: 'no kernel' }
      },
    })
    expect(asked).toBe(1)
    expect(result).toEqual({ blocks: [null, null, null], failure: { outcome: 'failed', reason: 'no kernel' } })
  })

  test('one that has had its time leaves the rounds to the others', async () => {
    let clock = 0
    const results = await rounds({
      setups: [setup('quick'), { ...setup('slow'), withinMs: 15 }],
      rounds: 4,
      now: () => clock,
      measure: async ({ modelFile }) => {
        // Two of the slow one's fit: a third would end at 18.
        clock += modelFile === 'slow' ? 6 : 1
        return measured(block(1))
      },
    })
    expect(results.map(({ blocks }) => blocks.map((one) => one !== null))).toEqual([
      [true, true, true, true],
      [true, true, false, false],
    ])
    expect(ratioOf(results[0]!, results[1]!)).toMatchObject({ ratio: 1, rounds: 2 })
  })

  test('outputs are asked of the first process alone, and kept', async () => {
    const outputsOf = { inputs: 'inputs.json', folder: 'out', inMs: 10, again: true }
    const asked: unknown[] = []
    const [result] = await rounds({
      setups: [{ ...setup('a'), outputsOf }],
      rounds: 2,
      measure: async (input) => {
        asked.push(input.outputsOf)
        const outputs = { saved: 'out/inputs.json', varying: [] }
        return { outcome: 'measured', value: { ...block(1), threads: 2, ...(input.outputsOf ? { outputs } : {}) } }
      },
    })
    expect(asked).toEqual([outputsOf, undefined])
    expect(result).toEqual({
      blocks: [block(1), block(1)],
      failure: null,
      threads: 2,
      outputs: { saved: 'out/inputs.json', varying: [] },
    })
  })

  test('one that hangs is not waited for twice', async () => {
    let asked = 0
    await rounds({
      setups: [setup('a')],
      rounds: 3,
      measure: async () => {
        asked++
        return { outcome: 'timed-out', limitMs: 1 }
      },
    })
    expect(asked).toBe(1)
  })

  test('end when enough was seen', async () => {
    const [result] = await rounds({
      setups: [setup('a')],
      rounds: 9,
      isEnough: ([soFar]) => soFar!.blocks.length === 4,
      measure: async () => measured(block(1)),
    })
    expect(result!.blocks).toHaveLength(4)
  })
})

describe('the ratio', () => {
  test('is taken round by round', () => {
    // The machine gets twice as slow from round to round: 10, 20, 40 against 5, 10, 20.
    const found = ratioOf(run(block(10), block(20), block(40)), run(block(5), block(10), block(20)))!
    expect(found).toMatchObject({ ratio: 0.5, rounds: 3 })
    expect(found.ratioLow).toBeCloseTo(0.5, 10)
    expect(found.ratioHigh).toBeCloseTo(0.5, 10)
  })

  test('leaves out rounds in which the handoff changed, where three others are left', () => {
    const a = run(block(1, 100), block(1, 100), block(1, 100), block(1, 100))
    const b = run(block(2, 100), block(2, 110), block(9, 400), block(2, 100))
    expect(ratioOf(a, b)).toMatchObject({ ratio: 2, rounds: 3 })
    const few = run(block(2, 100), block(9, 400), null, null)
    expect(ratioOf(a, few)).toMatchObject({ rounds: 2 })
  })

  test('is none of fewer than two rounds', () => {
    expect(ratioOf(run(block(1), null), run(block(2), block(2)))).toBeNull()
  })
})
