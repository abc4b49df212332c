// The last proof at other sizes of the inputs: what is faster at the one that was measured may not be slower at another.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, type Has, type World } from '../../test/support/tune/example-bench.ts'
import { engineRemedy, otherEngine } from '../../test/support/tune/example-engines.ts'
import { outcomeOf, type Ran, type Rest, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { Remedy } from '../remedies/kit/remedy.ts'
import type { Bench } from './bench.ts'

const [a, b] = [exampleRemedy('a'), exampleRemedy('b')]

/** A world whose other size has times and outputs of its own. */
async function at(
  here: World['timeMs'],
  there: Pick<World, 'timeMs'> & Partial<World>,
  remedies: readonly Remedy[],
  rest: Rest & { readonly outputsAlone?: true } = {},
): Promise<Ran & { readonly other: ReturnType<typeof exampleBench> }> {
  const { outputsAlone, ...given } = rest
  const made = exampleBench({ seed: 1, noise: 0.01, timeMs: here })
  const other = exampleBench({ seed: 2, noise: 0.01, ...there })
  const { measure, compare } = other
  const sizes: Bench['sizes'] = async () => [{ text: 'x=1x3x96x96', measure, compare, ...(outputsAlone && { outputsAlone }) }]
  return { ...(await runOn({ ...made, sizes }, made, remedies, given)), other }
}

describe('a gain at the size that is measured', () => {
  test.each([0.9, 0.95, 0.97])('is refused where it costs at another: %d times as fast there', async (speedup) => {
    const one = await at(times({ a: 1.3 }), { timeMs: times({ a: speedup }) }, [a])
    expect(shipped(one)).toBe('')
    expect(outcomeOf(one, 'a')!.reason).toMatch(
      /^faster by itself, but not in the last proof: at x=1x3x96x96 it takes 1\.\d\d times as long$/,
    )
  })

  test.each([1, 1.01, 2])('is shipped where it costs nothing there: %d', async (speedup) => {
    const one = await at(times({ a: 1.3 }), { timeMs: times({ a: speedup }) }, [a])
    expect(shipped(one)).toBe('a')
  })

  test('predicts there through its folder, in fresh processes', async () => {
    const { other } = await at(times({ a: 1.3 }), { timeMs: times({ a: 1.2 }) }, [a])
    expect(other.seen.map(({ what, key }) => [what, key]).slice(0, 5)).toEqual([
      ['outputs', 'a'],
      ['thorough reading', ''],
      ['shipped reading', 'a'],
      ['shipped reading', 'a'],
      ['thorough reading', ''],
    ])
    expect(other.seen.filter(({ what }) => what === 'shipped reading')).toHaveLength(6)
  })

  test('is not looked at there while searching, nor where nothing is faster here', async () => {
    const one = await at(times({}), { timeMs: times({}) }, [a])
    expect(one.other.seen).toEqual([])
  })

  test('of other outputs there is refused, but where a loss is allowed', async () => {
    const isWrong = (has: Has) => has('a')
    const exact = await at(times({ a: 1.3 }), { timeMs: times({ a: 1.3 }), isWrong }, [a])
    expect(shipped(exact)).toBe('')
    expect(outcomeOf(exact, 'a')!.reason).toMatch(/at x=1x3x96x96: outputs differ by 0\.5 of their range$/)
    const constraints = { fixShapes: false, outputs: null, maxLoss: 0.01 }
    const lossy = exampleRemedy('a', { effect: 'approximate' })
    const loss = await at(times({ a: 1.3 }), { timeMs: times({ a: 1.3 }), isWrong }, [lossy], { evidence: { constraints } })
    expect(shipped(loss)).toBe('a')
  })

  test('at another batch may cost time, but may not give other outputs', async () => {
    const slow = await at(times({ a: 1.3 }), { timeMs: times({ a: 0.5 }) }, [a], { outputsAlone: true })
    expect(shipped(slow)).toBe('a')
    expect(slow.other.seen.map(({ what }) => what)).toEqual(['outputs'])
    const isWrong = (has: Has) => has('a')
    const wrong = await at(times({ a: 1.3 }), { timeMs: times({ a: 1.3 }), isWrong }, [a], { outputsAlone: true })
    expect(shipped(wrong)).toBe('')
  })

  test('that fails there is refused', async () => {
    const one = await at(times({ a: 1.3 }), { timeMs: times({}), fails: (has) => has('a') }, [a])
    expect(shipped(one)).toBe('')
    expect(outcomeOf(one, 'a')!.reason).toMatch(/at x=1x3x96x96: the engine’s process ended by SIGSEGV$/)
  })

  test('of several, the rest is proven without what costs there', async () => {
    const one = await at(times({ a: 1.5, b: 1.3 }), { timeMs: times({ a: 1.5, b: 0.5 }) }, [a, b])
    expect(shipped(one)).toBe('a')
    expect(outcomeOf(one, 'b')).toMatchObject({ kept: false, reason: expect.stringContaining('1.34 times as long') })
  })

  test.each(['a', 'b'])('of several, what costs there is left out, whenever it was kept: %s', async (costly) => {
    const there = { a: 1.5, b: 1.3, [costly]: 0.5 }
    const one = await at(times({ a: 1.5, b: 1.3 }), { timeMs: times(there) }, [a, b])
    const rest = costly === 'a' ? 'b' : 'a'
    expect(shipped(one)).toBe(rest)
    expect(outcomeOf(one, costly)).toMatchObject({ kept: false, reason: expect.stringContaining('times as long') })
    // A second look: twelve pairs.
    const proofs = one.bench.seen.filter(({ what, key }) => what === 'shipped reading' && key === rest)
    expect(proofs).toHaveLength(12)
  })

  test('of several that all cost there, settings go first', async () => {
    const [rewrite, other] = ['c', 'd'].map((id) => exampleRemedy(id, { kind: 'rewrite' }))
    const one = await at(times({ a: 1.6, c: 1.4, d: 1.2 }), { timeMs: times({ a: 0.5, c: 0.5, d: 1.9 }) }, [a, rewrite!, other!])
    expect(shipped(one)).toBe('d')
  })

  test('of an engine gives way to the next best', async () => {
    const evidence = { otherEngines: ['fast', 'second'].map((id) => otherEngine(id)) }
    const there = (has: Has) => (has('fast') ? 12 : times({ second: 1.2 })(has))
    const one = await at(times({ fast: 1.9, second: 1.6 }), { timeMs: there }, [engineRemedy], { evidence })
    expect(shipped(one)).toBe('second')
  })

  test('in size or memory has no other size', async () => {
    const one = await at(times({ a: 1.3 }), { timeMs: times({ a: 0.5 }) }, [a], { evidence: { goal: 'size' } })
    expect(shipped(one)).toBe('a')
  })
})

test('what costs nothing at another size is seldom refused: 3 % of noise', async () => {
  let kept = 0
  for (let seed = 1; seed <= 100; seed++) {
    const made = exampleBench({ seed, noise: 0.03, timeMs: times({ a: 1.5 }) })
    const { measure, compare } = exampleBench({ seed: seed + 1000, noise: 0.03, timeMs: times({}) })
    const sizes: Bench['sizes'] = async () => [{ text: 'x=1x3x96x96', measure, compare }]
    if (shipped(await runOn({ ...made, sizes }, made, [a])) === 'a') kept++
  }
  expect(kept).toBeGreaterThanOrEqual(90)
})
