// What promises much in its first look is judged at once, whatever the budget says.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, exampleSetup, type Has } from '../../test/support/tune/example-bench.ts'
import { outcomeOf, run, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { Remedy, RemedySetup } from '../remedies/kit/remedy.ts'

const idle = (count: number, from = 0) => Array.from({ length: count }, (_, k) => exampleRemedy(`idle ${k + from}`))

describe('a gain of 10 % in a first look', () => {
  test('is proven, however little the budget is', async () => {
    // One group of a slow model's first looks takes more than the budget.
    const one = await run({ timeMs: times({ good: 1.12 }), readingMs: 4000 }, [...idle(2), exampleRemedy('good')], {
      budgetMs: 15_000,
    })
    expect(shipped(one)).toBe('good')
    expect(outcomeOf(one, 'good')).toMatchObject({ outcome: 'faster', kept: true })
    expect(one.bench.nowMs()).toBeGreaterThan(15_000)
  })

  test('of less is left to the budget', async () => {
    const one = await run({ timeMs: times({ good: 1.08 }), noise: 0, readingMs: 4000 }, [...idle(2), exampleRemedy('good')], {
      budgetMs: 15_000,
    })
    expect(shipped(one)).toBe('')
    expect(one.found.untried).toContain('good')
  })

  test('in two looks together is proven, too', async () => {
    const made = exampleBench({ seed: 1, noise: 0, timeMs: times({ good: 1.2 }), readingMs: 4000 })
    let reads = 0
    // The first of them was disturbed: 1.08 and 1.2 are 1.14 together.
    const measure: typeof made.measure = async (setup, depth) => {
      const trial = await made.measure(setup, depth)
      const isFirst = 'good' in setup.options.configEntries && trial.outcome === 'measured' && reads++ === 0
      return isFirst ? { ...trial, value: { ...trial.value, score: 10 / 1.08 } } : trial
    }
    const one = await runOn({ ...made, measure }, made, [exampleRemedy('good')], { budgetMs: 23_000 })
    expect(shipped(one)).toBe('good')
  })

  test('is judged before anything else is looked at', async () => {
    const one = await run({ timeMs: times({ good: 1.5 }), noise: 0 }, [exampleRemedy('good'), ...idle(9)])
    const readings = one.bench.seen.flatMap(({ what, key }) => (what === 'reading' ? [key] : []))
    const group = ['', 'good', 'idle 0', 'idle 1', 'idle 2', '']
    expect(readings.slice(0, 10)).toEqual([...group, '', 'good', 'good', ''])
    // The next group has a base of its own time.
    expect(readings.slice(10, 12)).toEqual(['', 'idle 3'])
  })

  test('is not looked at again', async () => {
    const one = await run({ timeMs: times({ good: 1.5 }), noise: 0 }, [exampleRemedy('good')])
    expect(one.bench.seen.filter(({ what }) => what === 'reading').map(({ key }) => key)).toEqual([
      '',
      'good',
      '',
      ...['', 'good', 'good', ''],
    ])
  })
})

describe('of two that exclude each other, in groups of their own', () => {
  /** Put in front, four at a time: the other is in the next group. */
  const apart = (first: Remedy, second: Remedy) => [first, ...idle(3), second, ...idle(3, 3)]
  const exclusive = (id: string, other: string) => exampleRemedy(id, { when: (has) => !has(other) })

  test('the better one is kept, though the other was judged first', async () => {
    const one = await run({ timeMs: times({ a: 1.3, b: 1.6 }) }, apart(exclusive('a', 'b'), exclusive('b', 'a')))
    expect(shipped(one)).toBe('b')
    expect(outcomeOf(one, 'a')).toMatchObject({ kept: false, reason: 'b is faster in pairs' })
  })

  test('the first one stays where it is the better', async () => {
    const one = await run({ timeMs: times({ a: 1.6, b: 1.3 }) }, apart(exclusive('a', 'b'), exclusive('b', 'a')))
    expect(shipped(one)).toBe('a')
    expect(outcomeOf(one, 'b')).toMatchObject({ kept: false, reason: 'nothing is left to change after a' })
  })

  test('what does not exclude it stays', async () => {
    const one = await run({ timeMs: times({ a: 1.3, b: 1.6, c: 1.2 }) }, [
      exclusive('a', 'b'),
      exampleRemedy('c'),
      ...idle(2),
      exclusive('b', 'a'),
    ])
    expect(shipped(one)).toBe('b+c')
  })

  test('the better of two variants is kept', async () => {
    const variants = exampleRemedy('threads', {
      apply: (setup: RemedySetup) =>
        ['1', '2', '3', '4', '5'].map((variant) => ({
          variant,
          setup: exampleSetup(
            ...Object.keys(setup.options.configEntries).filter((id) => !id.startsWith('threads')),
            `threads ${variant}`,
          ),
          changes: [],
          predictedSavingMs: null,
        })),
    })
    const timeMs = (has: Has) => (has('threads 5') ? 5 : has('threads 1') ? 8 : 10)
    const one = await run({ timeMs }, [variants])
    expect(shipped(one)).toBe('threads 5')
    expect(outcomeOf(one, 'threads 1')).toMatchObject({ kept: false, reason: 'threads 5 is faster in pairs' })
  })
})
