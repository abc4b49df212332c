// The search on made-up machines: what it tries for which goal, when it stops, and what it makes of faults.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, exampleSetup, type Has, keyOf, withScores } from '../../test/support/tune/example-bench.ts'
import { outcomeOf, type Ran, type Rest, run, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { Remedy } from '../remedies/kit/remedy.ts'
import type { Bench } from './bench.ts'

describe('other goals', () => {
  test.each([
    ['load-time', null],
    ['memory', (has: Has) => (has('a') ? 12 : 10)],
  ] as const)('%s may not ruin the time of a prediction', async (goal, p50Ms) => {
    // 1.2 times as long, where 1.1 is allowed.
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 2, b: 1.5 }), p50Ms })
    const predictMs: Bench['predictMs'] = async ({ options }) => ({
      outcome: 'measured',
      value: 'a' in options.configEntries ? 12 : 10,
    })
    const one = await runOn({ ...made, predictMs }, made, [exampleRemedy('a'), exampleRemedy('b')], { evidence: { goal } })
    expect(shipped(one)).toBe('b')
    expect(outcomeOf(one, 'a')).toMatchObject({
      outcome: 'rejected',
      reason: 'it serves the goal, but predictions take 1.20 times as long',
    })
  })

  test('a remedy that made predictions too slow is not asked again', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 2, b: 1.5 }), p50Ms: null })
    const asked: string[] = []
    const predictMs: Bench['predictMs'] = async ({ options }) => {
      asked.push(Object.keys(options.configEntries).join())
      return { outcome: 'measured', value: 'a' in options.configEntries ? 20 : 10 }
    }
    const remedies = [exampleRemedy('a', { kind: 'settings' }), exampleRemedy('b', { kind: 'rewrite' })]
    const one = await runOn({ ...made, predictMs }, made, remedies, { evidence: { goal: 'load-time' } })
    expect(shipped(one)).toBe('b')
    expect(asked.filter((has) => has.includes('a'))).toHaveLength(6)
  })

  test('the fastest process says what a prediction costs, after three looks where one is not clear', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 2 }), p50Ms: null })
    // 1.13, 1.06 and 1.3 times as long: a single look would have refused it.
    const costs = [1.13, 1.06, 1.3, 1.06]
    let looks = 0
    const predictMs: Bench['predictMs'] = async ({ options }) => ({
      outcome: 'measured',
      value: 'a' in options.configEntries ? 10 * costs[Math.min(3, looks++ >> 1)]! : 10,
    })
    const one = await runOn({ ...made, predictMs }, made, [exampleRemedy('a')], { evidence: { goal: 'load-time' } })
    expect(outcomeOf(one, 'a')).toMatchObject({ outcome: 'faster', kept: true })
  })

  test('what only together makes predictions too slow is dropped, and the rest is proven', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ a: 2, b: 1.5 }), p50Ms: null })
    const predictMs: Bench['predictMs'] = async ({ options }) => ({
      outcome: 'measured',
      value: 10 * ('a' in options.configEntries ? 1.09 : 1) * ('b' in options.configEntries ? 1.09 : 1),
    })
    const remedies = [exampleRemedy('a'), exampleRemedy('b')]
    const one = await runOn({ ...made, predictMs }, made, remedies, { evidence: { goal: 'load-time' } })
    expect(shipped(one)).toBe('a')
    expect(outcomeOf(one, 'b')).toMatchObject({ kept: false, reason: expect.stringContaining('1.19 times as long') })
    expect(one.found.proof).toMatchObject({ proven: true })
  })

  test('throughput may make a prediction as long as it likes', async () => {
    const p50Ms = (has: Has) => (has('batch') ? 80 : 10)
    const one = await run({ timeMs: times({ batch: 1.5 }), p50Ms }, [exampleRemedy('batch', { kind: 'batch' })], {
      evidence: { goal: 'throughput' },
    })
    expect(shipped(one)).toBe('batch')
  })

  test('remedies that do not serve the goal, lose something or must be named are not tried', async () => {
    const remedies = [
      exampleRemedy('size', { goals: ['size'] }),
      exampleRemedy('lossy', { effect: 'approximate' }),
      exampleRemedy('named', { onlyWhenNamed: 'outputs change' }),
      exampleRemedy('plain'),
    ]
    const triedOf = async (rest: Rest) => (await run({}, remedies, rest)).found.tried.map(({ name }) => name).sort()
    expect(await triedOf({})).toEqual(['plain'])
    expect(await triedOf({ only: new Set(['named', 'size']) })).toEqual(['named'])
    const constraints = { fixShapes: false, outputs: null, maxLoss: 0.01 }
    expect(await triedOf({ evidence: { constraints } })).toEqual(['lossy', 'plain'])
  })
})

describe('the budget', () => {
  const many = Array.from({ length: 30 }, (_, k) => exampleRemedy(`r${k}`))
  const fast = times(Object.fromEntries(many.map(({ id }, k) => [id, 1.2 + k / 100])))

  const little = times(Object.fromEntries(many.map(({ id }, k) => [id, 1.02 + k / 500])))

  test('no candidate that promises little is judged after it: pairs are of what was kept alone, and what was left is told once', async () => {
    for (const budgetMs of [0, 1, 3000, 9000, 20_000, 60_000]) {
      const one = await run({ timeMs: little, noise: 0.01 }, many, { budgetMs })
      // A pair is two readings of 500; in the first look six readings stand together.
      const late = one.bench.seen.filter(({ what, atMs }) => /^(reading|pace)$/.test(what) && atMs > budgetMs + 3000)
      const kept = new Set(one.told.flatMap((row) => (row.kept ? row.remedies : [])))
      for (const { key } of late) expect([...key.split('+')].filter((id) => id !== '' && !kept.has(id))).toEqual([])
      // Sixteen pairs at most, and a few that were repeated, for each that was kept.
      expect(late.length).toBeLessThanOrEqual(2 * 16 * kept.size)
      const names = [...one.found.tried.map(({ name }) => name), ...one.found.untried]
      expect(names.sort()).toEqual(many.map(({ id }) => id).sort())
      if (one.found.proof !== null) expect(one.bench.seen.at(-1)!.what).toMatch(/^(thorough|shipped) reading$/)
    }
  })

  describe('what operators alone have shown', () => {
    // Outputs that take 0.3 s each to compare, until the time for first looks is over.
    const wrong = ['w0', 'w1', 'w2', 'w3', 'w4'].map((id) =>
      exampleRemedy(id, {
        kind: 'rewrite',
        apply: () => [{ variant: '', setup: exampleSetup(id), changes: [], predictedSavingMs: 9 }],
      }),
    )
    const late = { ...exampleRemedy('late', { when: () => false }), late: true }
    const remedies = [...wrong, exampleRemedy('good', { kind: 'rewrite' }), late]
    const tryWith = (saving: { readonly ms: number; readonly low: number; readonly high: number }) =>
      run({ timeMs: times({ good: 2 }), isWrong: (has) => wrong.some(({ id }) => has(id)), readingMs: 100 }, remedies, {
        budgetMs: 4000,
        evidence: { alone: new Map([['good', saving]]) },
      })

    const readingsOf = ({ bench: { seen } }: Ran) => seen.flatMap(({ what, key }) => (what === 'reading' ? [key] : []))

    test('is judged without a first look, however late it is', async () => {
      const one = await tryWith({ ms: 5, low: 4.5, high: 5.5 })
      expect(shipped(one)).toBe('good')
      // Two pairs, which begin with the base and with it in turn.
      expect(readingsOf(one)).toEqual(['', 'good', 'good', ''])
    })

    test('is looked at like the others where it may be little, if there is time', async () => {
      const one = await tryWith({ ms: 5, low: 0.4, high: 9 })
      // Between two of the base; and since that promises much, pairs follow.
      expect(readingsOf(one)).toEqual(['', 'good', '', '', 'good', 'good', ''])
    })
  })

  describe('its shares', () => {
    const useless = Array.from({ length: 60 }, (_, k) => exampleRemedy(`r${k}`))
    const worse = times(Object.fromEntries(useless.map(({ id }) => [id, 0.5])))
    /** Alternately 0.8 and 1.1 times as long, which stays unclear for a dozen pairs; a little shorter in both first looks. */
    const unclear = [9.3, 9.3, ...Array.from({ length: 12 }, (_, k) => (k % 2 === 0 ? 8 : 11))]

    /** Of a reading 50 ms; the clock jumps when this many were taken. */
    const jumping = (after: number, byMs: number, timeMs = times({})) => {
      const made = exampleBench({ seed: 1, noise: 0, readingMs: 50, timeMs })
      return { made, bench: { ...made, nowMs: () => made.nowMs() + (made.seen.length >= after ? byMs : 0) } }
    }

    test('0.55 are for first looks', async () => {
      // A group is five readings of 100 and starts at 100, 600, ..., 5100 and 5600: of 10,000 the eleventh is the last.
      const one = await run({ timeMs: worse, noise: 0, readingMs: 100 }, useless, { budgetMs: 10_000 })
      expect(one.found.untried).toHaveLength(60 - 4 * 11)
    })

    test('0.45 come before the late remedies', async () => {
      // First looks end after 0.55 * 0.45 * 20,000 = 4950: the group that starts at 4600 ends at 5100.
      const made = exampleBench({ seed: 1, noise: 0, readingMs: 100, timeMs: worse })
      const asked: number[] = []
      const apply: Remedy['apply'] = () => {
        asked.push(made.nowMs())
        return []
      }
      await runOn(made, made, [...useless, { ...exampleRemedy('late', { apply }), late: true }], { budgetMs: 20_000 })
      expect(asked).toEqual([5100])
    })

    test('0.35 are for judging late remedies, however late they propose', async () => {
      // First looks at two take 2 * 4 readings, 400; three pairs of the first and its outputs 600: those of the second start at 1000 and 1100.
      const remedies = ['a', 'b'].map((id) => ({ ...exampleRemedy(id), late: true }))
      const timeMs = times({ a: 1.09, b: 1.07 })
      const pairsOfSecond = async (budgetMs: number) => {
        let isAsked = false
        const made = exampleBench({ seed: 1, noise: 0, readingMs: 50, timeMs })
        const slow = remedies.map((one) => ({
          ...one,
          apply: (...given: Parameters<Remedy['apply']>) => {
            isAsked = true
            return one.apply(...given)
          },
        }))
        const bench = { ...made, nowMs: () => made.nowMs() + (isAsked ? 1e6 : 0) }
        return outcomeOf(await runOn(bench, made, slow, { budgetMs }), 'b')?.judgement?.pairs
      }
      expect(await pairsOfSecond(2800)).toBeUndefined()
      expect(await pairsOfSecond(2920)).toBe(1)
      expect(await pairsOfSecond(3100)).toBe(1)
      expect(await pairsOfSecond(3200)).toBe(2)
    })

    test('0.3 are for judging what operators alone have shown', async () => {
      // Their outputs take until 600 to compare, and then the clock jumps; pairs of the second start 600 after those of the first.
      const remedies = ['a', 'b'].map((id) => exampleRemedy(id, { kind: 'rewrite' }))
      const shown = { ms: 2, low: 1, high: 3 }
      const pairsOfSecond = async (budgetMs: number) => {
        const { bench, made } = jumping(2, 1e6, times({ a: 1.3, b: 1.25 }))
        const evidence = {
          alone: new Map([
            ['a', shown],
            ['b', shown],
          ]),
        }
        return outcomeOf(await runOn(bench, made, remedies, { budgetMs, evidence }), 'b')?.judgement?.pairs
      }
      expect(await pairsOfSecond(1960)).toBeUndefined()
      expect(await pairsOfSecond(2040)).toBe(1)
      expect(await pairsOfSecond(2300)).toBe(1)
      expect(await pairsOfSecond(2370)).toBe(2)
    })

    test('0.15 are for other engines', async () => {
      // First looks take 6 readings, 300, and then the clock jumps: pairs start at 8250, 8350, 8450 and not at 8550, which is past 8500.
      const { bench, made } = jumping(6, 7950)
      const engine = { ...exampleRemedy('engine', { when: () => false }), kind: 'engine' as const }
      const otherEngines = [{ id: 'other', version: '1', name: 'other', effect: 'exact' as const, refused: null }]
      const one = await runOn(withScores(bench, 'a', unclear), made, [exampleRemedy('a'), engine], {
        budgetMs: 10_000,
        evidence: { otherEngines },
      })
      expect(outcomeOf(one, 'a')!.judgement!.pairs).toBe(3)
    })
  })

  test('none at all: nothing is measured, all is left', async () => {
    const one = await run({ timeMs: fast }, many, { budgetMs: -1 })
    expect(one.bench.seen).toEqual([])
    expect(one.found.untried).toHaveLength(30)
    expect(one.found.tried).toEqual([])
  })

  test('a dry run measures nothing and names all, with the likeliest first', async () => {
    const likely = exampleRemedy('likely', {
      apply: () => [{ variant: '2', setup: exampleSetup('likely'), changes: [], predictedSavingMs: 3 }],
    })
    const nothing = exampleRemedy('nothing', { when: () => false })
    const one = await run({}, [exampleRemedy('a'), nothing, likely], { dryRun: true })
    expect(one.bench.seen).toEqual([])
    expect(one.found).toMatchObject({ untried: ['likely 2', 'a'], tried: [], proof: null, kept: [] })
  })
})

describe('a remedy that throws', () => {
  const boom = (): never => {
    throw new Error('boom\nwith a stack')
  }

  test('is one failed row, and the others go on', async () => {
    const one = await run({ timeMs: times({ good: 1.5 }) }, [
      exampleRemedy('bad', { apply: boom }),
      exampleRemedy('good', { kind: 'rewrite' }),
    ])
    expect(shipped(one)).toBe('good')
    expect(one.found.tried.filter(({ name }) => name === 'bad')).toMatchObject([{ outcome: 'failed', reason: 'boom' }])
  })

  test('on a changed setup only', async () => {
    const plain = exampleRemedy('bad')
    const apply: Remedy['apply'] = (setup, evidence, tools) =>
      keyOf(setup) === '' ? plain.apply(setup, evidence, tools) : Promise.reject(new Error('boom'))
    const one = await run({ timeMs: times({ good: 1.5, bad: 1.3 }) }, [exampleRemedy('good'), exampleRemedy('bad', { apply })])
    expect(shipped(one)).toBe('good')
    expect(outcomeOf(one, 'bad')).toMatchObject({ outcome: 'failed', reason: 'boom' })
  })

  test('while it looks for its effect', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ bad: 1.5 }) })
    const executed = { name: '', nodes: [], inputs: [], outputs: [], constants: {}, types: {} }
    const apply: Remedy['apply'] = () => [
      { variant: '', setup: exampleSetup('bad'), changes: [], predictedSavingMs: null, took: boom },
    ]
    const one = await runOn({ ...made, executed: async () => executed }, made, [exampleRemedy('bad', { apply })])
    expect(shipped(one)).toBe('')
    expect(outcomeOf(one, 'bad')).toMatchObject({ outcome: 'failed', reason: 'boom' })
  })
})
