// Chance picks among many candidates: how often a search ships what does nothing, and how often it misses what does little.
import { describe, expect, test } from 'vitest'
import { fullOr, onlyFull } from '../../../../test/only-full.ts'
import { exampleBench, exampleRemedy, keyOf } from '../../test/support/tune/example-bench.ts'
import { chancesOf, MACHINES, type Machine } from '../../test/support/tune/example-chance.ts'
import { outcomeOf, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { Bench } from './bench.ts'

const machines = Object.keys(MACHINES) as Machine[]
const SEEDS = fullOr(200, 80)
const FULL_SEEDS = 2000

describe('thirty candidates that do nothing', () => {
  test.each(machines)('at most 0.05 of them are shipped a run together with one that does something: %s', async (machine) => {
    const { neutralShipped, found } = await chancesOf({ machine, gains: [1.3], neutral: 30 }, SEEDS)
    expect(neutralShipped).toBeLessThanOrEqual(0.05)
    expect(found[0]).toBeGreaterThan(0.8)
  })

  test.each(machines)('alone, nothing is shipped in 95 of 100 runs: %s', async (machine) => {
    expect((await chancesOf({ machine, gains: [], neutral: 31 }, SEEDS)).changed).toBeLessThanOrEqual(0.05)
  })

  test.for(machines)('the same over many seeds: %s', async (machine, context) => {
    onlyFull(context, `${FULL_SEEDS} searches a machine`)
    const mixed = await chancesOf({ machine, gains: [1.3, 1.1, 1.05], neutral: 30 }, FULL_SEEDS)
    expect(mixed.neutralShipped).toBeLessThanOrEqual(0.03)
    expect((await chancesOf({ machine, gains: [], neutral: 31 }, FULL_SEEDS)).changed).toBeLessThanOrEqual(0.03)
  })
})

describe('a small gain among few candidates is still found', () => {
  test.each([
    [1.05, 0.4],
    [1.07, 0.8],
    [1.1, 0.95],
  ])('%d times faster, in more than %d of the runs', async (gain, least) => {
    expect((await chancesOf({ machine: 'steady', gains: [gain], neutral: 7 }, SEEDS)).found[0]).toBeGreaterThan(least)
  })
})

describe('what only luck kept', () => {
  /** As fast as it seems in its first readings alone. */
  function luckyFor(readings: number, id: string, made: ReturnType<typeof exampleBench>): Bench {
    let left = readings
    return {
      ...made,
      async measure(setup, depth) {
        const trial = await made.measure(setup, depth)
        if (trial.outcome !== 'measured' || !keyOf(setup).split('+').includes(id) || left-- <= 0) return trial
        return { outcome: 'measured', value: { ...trial.value, score: trial.value.score * 0.8 } }
      },
    }
  }

  test('is taken out in pairs of its own, though it was kept last, and reported again', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 1.5 }) })
    const one = await runOn(luckyFor(6, 'lucky', made), made, [exampleRemedy('a'), exampleRemedy('lucky')])
    expect(one.told.filter(({ kept }) => kept).map(({ name }) => name)).toEqual(['a', 'lucky'])
    expect(shipped(one)).toBe('a')
    const reason = expect.stringMatching(/^faster at first, but not clearly faster on top of the others in \d+ more pairs$/)
    expect(outcomeOf(one, 'lucky')).toMatchObject({ kept: false, reason })
    expect(one.told.at(-1)).toMatchObject({ name: 'lucky', kept: false })
    expect(one.found.proof).toMatchObject({ proven: true })
  })

  test('is not shipped alone, either', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({}) })
    const one = await runOn(luckyFor(6, 'lucky', made), made, [exampleRemedy('lucky')])
    expect(shipped(one)).toBe('')
  })
})
