// Remedies that measure for their proposals come after the others.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, keyOf } from '../../test/support/tune/example-bench.ts'
import { outcomeOf, run, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { RemedySetup } from '../remedies/kit/remedy.ts'

describe('late remedies', () => {
  const late = (asked: string[]) => {
    const plain = exampleRemedy('late', { kind: 'rewrite' })
    return {
      ...plain,
      late: true,
      apply: (setup: RemedySetup, ...rest: [never, never]) => {
        asked.push(keyOf(setup))
        return plain.apply(setup, ...rest)
      },
    }
  }

  test('are asked once, about what the others leave, and can be kept on top', async () => {
    const asked: string[] = []
    const one = await run({ timeMs: times({ early: 2, late: 2 }) }, [late(asked), exampleRemedy('early', { kind: 'rewrite' })])
    expect(asked[0]).toBe('early')
    expect(shipped(one)).toBe('early+late')
  })

  test('what they only seem to give because of an earlier one is not kept', async () => {
    // Together no faster than the earlier one alone.
    const timeMs = (has: (id: string) => boolean) => (has('early') ? 5 : has('late') ? 6 : 10)
    const one = await run({ timeMs }, [late([]), exampleRemedy('early', { kind: 'rewrite' })])
    expect(shipped(one)).toBe('early')
    expect(outcomeOf(one, 'late')).toMatchObject({ outcome: 'no-difference', kept: false })
  })

  test('leave what they do not use of the budget to those that had no turn', async () => {
    // A reading takes 0.5 s. First looks before the late ones end after 0.55 of 0.45 of 12 s: four remedies between two of the base.
    const idle = { ...exampleRemedy('late', { when: () => false }), late: true }
    const others = ['r0', 'r1', 'r2', 'r3', 'r4'].map((id) => exampleRemedy(id))
    const one = await run({ timeMs: times({ r4: 2 }) }, [...others, idle], { budgetMs: 12_000 })
    expect(shipped(one)).toBe('r4')
  })

  test('have time to be judged, however long their proposals took', async () => {
    const bench = exampleBench({ seed: 1, timeMs: times({ late: 2 }), noise: 0.01 })
    let slow = 0
    const remedy = late([])
    const patient = {
      ...remedy,
      apply: (...given: Parameters<typeof remedy.apply>) => {
        slow = 1e6
        return remedy.apply(...given)
      },
    }
    const one = await runOn({ ...bench, nowMs: () => bench.nowMs() + slow }, bench, [patient])
    expect(shipped(one)).toBe('late')
  })
})
