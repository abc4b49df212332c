// Other engines that are less than twice as fast, tried on a made-up machine after the remedies of the measured one.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, type Has, withScores } from '../../test/support/tune/example-bench.ts'
import { engineInBits, engineRemedy, otherEngine } from '../../test/support/tune/example-engines.ts'
import { original, outcomeOf, type Rest, run, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { OtherEngine, Remedy } from '../remedies/kit/remedy.ts'
import type { Bench } from './bench.ts'

const on = (timeMs: (has: Has) => number, remedies: readonly Remedy[], engines: readonly OtherEngine[], rest: Rest = {}) =>
  run({ timeMs }, [engineRemedy, ...remedies], { ...rest, evidence: { otherEngines: engines } })

describe('another engine', () => {
  const rewrite = exampleRemedy('rewrite', { kind: 'rewrite' })

  test('is kept on top of rewrites that pay on both', async () => {
    const one = await on(times({ rewrite: 1.5, fast: 2 }), [rewrite], [otherEngine('fast')])
    expect(shipped(one)).toBe('fast+rewrite')
    expect(one.found.proof!.judgement.speedup).toBeCloseTo(3, 0)
    expect(outcomeOf(one, 'choice fast on-the-original')).toMatchObject({ kept: false, reason: expect.stringMatching(/better/) })
  })

  test('is kept alone where what pays on one engine costs on the other', async () => {
    const timeMs = (has: Has) => (has('fast') ? (has('rewrite') ? 12 : 5.3) : has('rewrite') ? 8 : 10)
    const one = await on(timeMs, [rewrite], [otherEngine('fast')])
    expect(shipped(one)).toBe('fast')
    expect(outcomeOf(one, 'rewrite')).toMatchObject({ kept: false, reason: 'choice fast on-the-original is faster without it' })
  })

  test('is not kept where the measured one has become faster', async () => {
    const timeMs = (has: Has) => (has('fast') ? 6 : has('rewrite') ? 4 : 10)
    const one = await on(timeMs, [rewrite], [otherEngine('fast')])
    expect(shipped(one)).toBe('rewrite')
    expect(outcomeOf(one, 'choice fast')).toMatchObject({ kept: false, outcome: 'no-difference' })
    expect(outcomeOf(one, 'choice fast')!.lookedSpeedup).toBeCloseTo(4 / 6, 1)
  })

  test('leaves settings of the measured one behind, but for those of every engine', async () => {
    const setting = exampleRemedy('setting')
    const threads = { ...exampleRemedy('threads'), anyEngine: true as const }
    const one = await on(times({ setting: 1.3, threads: 1.3, fast: 2 }), [setting, threads], [otherEngine('fast')])
    expect(one.found.kept.map(({ remedy }) => remedy.id)).toEqual(['threads', 'choice'])
    expect(outcomeOf(one, 'setting')).toMatchObject({ kept: false, reason: 'a setting of the other engine' })
  })

  test('that may not be kept is looked at, and says what it would give', async () => {
    const one = await on(
      times({ refused: 5, fast: 2 }),
      [],
      [otherEngine('fast'), otherEngine('refused', { refused: 'it is not among --ship-engines' })],
    )
    expect(shipped(one)).toBe('fast')
    const row = outcomeOf(one, 'choice refused')!
    expect(row).toMatchObject({ outcome: 'rejected', kept: false, reason: expect.stringMatching(/^\d\.\d\d× .*not among/) })
    expect(row.lookedSpeedup).toBeCloseTo(5, 0)
  })

  test('that may not be kept and is slower says that it would give nothing', async () => {
    const one = await on(times({ refused: 0.25 }), [], [otherEngine('refused', { refused: 'fix does not ship it' })])
    expect(outcomeOf(one, 'choice refused')).toMatchObject({
      outcome: 'no-difference',
      kept: false,
      reason: expect.stringMatching(/^no gain in a first look \(0\.2\d×\)$/),
    })
  })

  test('is rejected where its outputs are others, and the next best is judged', async () => {
    const engines = [otherEngine('wrong'), otherEngine('fast')]
    const timeMs = times({ wrong: 4, fast: 2 })
    const one = await run({ timeMs, isWrong: (has) => has('wrong') }, [engineRemedy], { evidence: { otherEngines: engines } })
    expect(outcomeOf(one, 'choice wrong')).toMatchObject({ outcome: 'rejected' })
    expect(shipped(one)).toBe('fast')
  })

  describe('with fewer bits', () => {
    const search = async (timeMs: (has: Has) => number, remedies: readonly Remedy[] = []) => {
      const evidence = {
        otherEngines: [otherEngine('fast', { refused: 'it stays' })],
        constraints: { fixShapes: false, outputs: null, maxLoss: 0.01 },
      }
      return run({ timeMs }, [engineInBits, ...remedies], { evidence, tools: { int8On: async () => [] } })
    }

    test('is kept though the engine may not be shipped without them', async () => {
      const one = await search(times({ fast: 1.5, bits: 1.5 }))
      expect(one.found.kept.map(({ proposal }) => proposal.variant)).toEqual(['fast int8'])
      expect(outcomeOf(one, 'choice fast')).toMatchObject({ outcome: 'rejected', reason: expect.stringContaining('it stays') })
    })

    test('is not kept where the engine is as fast without them', async () => {
      const one = await search(times({ fast: 2, bits: 0.8 }))
      expect(one.found.kept).toEqual([])
      expect(outcomeOf(one, 'choice fast int8')).toMatchObject({
        outcome: 'no-difference',
        reason: 'choice fast was better in the first look',
      })
    })

    describe('that look faster than the same engine in float', () => {
      /** Its first two looks are a tenth too fast. */
      const misread = async (bits: number, refused: string | null) => {
        const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ fast: 1.5, bits }) })
        let reads = 0
        const measure: Bench['measure'] = async (setup, depth) => {
          const trial = await made.measure(setup, depth)
          if (!('bits' in setup.options.configEntries) || trial.outcome !== 'measured' || reads++ >= 2) return trial
          return { ...trial, value: { ...trial.value, score: trial.value.score * 0.9 } }
        }
        return runOn({ ...made, measure }, made, [engineInBits], {
          evidence: { otherEngines: [otherEngine('fast', { refused })] },
          tools: { int8On: async () => [] },
        })
      }

      test.each([
        ['float is kept', null, 'fast'],
        ['neither is kept if float may not be shipped', 'it stays', ''],
      ])('and are no faster in pairs: %s', async (_, refused, best) => {
        const one = await misread(1, refused)
        expect(shipped(one)).toBe(best)
        expect(outcomeOf(one, 'choice fast int8')).toMatchObject({
          outcome: 'no-difference',
          kept: false,
          reason: 'choice fast is as fast in pairs',
        })
      })

      test.each([null, 'it stays'])('and are faster in pairs are kept: %s', async (refused) => {
        expect(shipped(await misread(1.1, refused))).toBe('bits+fast')
      })
    })

    test('of the measured engine, another one that runs them faster is kept, though not for a model in float', async () => {
      const own = exampleRemedy('own', { kind: 'rewrite', effect: 'approximate', precision: 'static' })
      const evidence = {
        otherEngines: [otherEngine('fast', { refusedInFloat: 'it stays' })],
        constraints: { fixShapes: false, outputs: null, maxLoss: 0.01 },
      }
      const kept = async (remedies: readonly Remedy[]) =>
        shipped(await run({ timeMs: times({ own: 1.3, fast: 1.4 }) }, [engineRemedy, ...remedies], { evidence }))
      expect(await kept([own])).toBe('fast+own')
      expect(await kept([])).toBe('')
    })

    test('is found for the original where the measured engine already has fewer of its own', async () => {
      const own = exampleRemedy('own', { kind: 'rewrite', effect: 'approximate', precision: 'static' })
      const one = await search(times({ own: 1.3, fast: 1.4, bits: 1.4 }), [own])
      const names = one.found.tried.map(({ name }) => name)
      expect(names).toContain('choice fast int8 on-the-original')
      expect(names).not.toContain('choice fast int8')
    })
  })

  describe('near the best of the first look', () => {
    const world = times({ rewrite: 1.5, fast: 1.9, second: 1.583 })
    /** The first looks at this one, an early reading and two for each of its set-ups, are so much too slow. */
    const misread = async (
      id: string,
      factor: number,
      ids: readonly string[],
      remedies: readonly Remedy[] = [],
      timeMs = world,
    ) => {
      const made = exampleBench({ seed: 1, noise: 0.01, timeMs })
      let reads = 0
      const measure: Bench['measure'] = async (setup, depth) => {
        const trial = await made.measure(setup, depth)
        if (setup.engine?.id !== id || trial.outcome !== 'measured' || reads++ >= 1 + 2 * (1 + remedies.length)) return trial
        return { ...trial, value: { ...trial.value, score: trial.value.score * factor } }
      }
      const evidence = { otherEngines: ids.map((one) => otherEngine(one)) }
      return runOn({ ...made, measure }, made, [engineRemedy, ...remedies], { evidence })
    }

    test('is judged against it, and comes in its place where it is faster', async () => {
      const one = await misread('fast', 1.35, ['fast', 'second'], [rewrite])
      expect(shipped(one)).toBe('fast+rewrite')
      expect(outcomeOf(one, 'choice fast')!.judgement!.speedup).toBeCloseTo(1.2, 1)
      expect(outcomeOf(one, 'choice second')).toMatchObject({ kept: false, reason: 'choice fast is faster in pairs' })
      expect(outcomeOf(one, 'rewrite')).toMatchObject({ kept: true })
    })

    test('brings back what the first did without', async () => {
      const timeMs = (has: Has) => {
        if (has('second')) return has('rewrite') ? 15 : 5.4
        return has('fast') ? (has('rewrite') ? 4.7 : 8) : has('rewrite') ? 7 : 10
      }
      const one = await misread('fast', 1.3, ['fast', 'second'], [rewrite], timeMs)
      expect(shipped(one)).toBe('fast+rewrite')
      expect(outcomeOf(one, 'rewrite')).toMatchObject({ kept: true, outcome: 'faster' })
      expect(outcomeOf(one, 'choice second on-the-original')).toMatchObject({
        kept: false,
        reason: 'choice fast is faster in pairs',
      })
    })

    test.each([
      // 1.583 / 1.9 times as long, times these: 1.26 and 1.34.
      [1.51, 'fast'],
      [1.61, 'second'],
    ])('is judged up to 1.3 times of it: misread %d times as slow, %s is shipped', async (factor, best) => {
      expect(shipped(await misread('fast', factor, ['fast', 'second']))).toBe(best)
    })

    test('is not judged where it is far from it', async () => {
      const one = await misread('fast', 2, ['fast', 'second'])
      expect(shipped(one)).toBe('second')
      expect(outcomeOf(one, 'choice fast')).toMatchObject({
        judgement: null,
        reason: 'choice second was better in the first look',
      })
    })
  })

  describe('that the last proof refuses', () => {
    /** Where one of these is shipped, it is as slow as the original. */
    const refusing = async (
      refused: readonly string[],
      remedies: readonly Remedy[],
      ids: readonly string[],
      isWrong = (_: Has) => false,
    ) => {
      const engines = ids.map((id) => otherEngine(id))
      const made = exampleBench({
        seed: 1,
        noise: 0.01,
        timeMs: times({ rewrite: 1.5, fast: 1.9, second: 1.58, third: 1.39, fourth: 1.2 }),
        isWrong,
      })
      const measure: Bench['measure'] = (setup, depth) =>
        made.measure(depth === 'shipped' && refused.includes(setup.engine?.id ?? '') ? original : setup, depth)
      return runOn({ ...made, measure }, made, [engineRemedy, ...remedies], { evidence: { otherEngines: engines } })
    }
    const both = ['fast', 'second']

    test('gives way to the next best, on what was kept before', async () => {
      const one = await refusing(['fast'], [rewrite], both)
      expect(shipped(one)).toBe('rewrite+second')
      expect(one.found.proof!.judgement.speedup).toBeCloseTo(2.37, 0)
      expect(one.found.tried.filter(({ name }) => name === 'choice second')).toMatchObject([{ kept: true }])
      expect(outcomeOf(one, 'choice fast')).toMatchObject({ kept: false, reason: expect.stringMatching(/not in the last proof/) })
    })

    test('and where that is not kept, to the one after it', async () => {
      const one = await refusing(['fast'], [rewrite], ['fast', 'second', 'third'], (has) => has('second'))
      expect(shipped(one)).toBe('rewrite+third')
      expect(outcomeOf(one, 'choice second')).toMatchObject({ kept: false, outcome: 'rejected' })
    })

    test('gives way to two others at most', async () => {
      const one = await refusing(['fast', 'second', 'third'], [], ['fast', 'second', 'third', 'fourth'])
      expect(shipped(one)).toBe('')
      expect(outcomeOf(one, 'choice third')!.reason).toMatch(/not in the last proof/)
      expect(outcomeOf(one, 'choice fourth')!.reason).toMatch(/better in the first look/)
    })

    test('leaves out what adds nothing without it', async () => {
      const idle = exampleRemedy('idle', { kind: 'rewrite' })
      // It pays until the other rewrite is there, too.
      const timeMs = (has: Has) => (has('fast') ? 2 : has('rewrite') ? 5 : has('idle') ? 8 : 10)
      const made = exampleBench({ seed: 1, noise: 0.01, timeMs })
      const measure: Bench['measure'] = (setup, depth) =>
        made.measure(depth === 'shipped' && setup.engine ? original : setup, depth)
      const evidence = { otherEngines: [otherEngine('fast')] }
      expect(shipped(await runOn({ ...made, measure }, made, [engineRemedy, idle, rewrite], { evidence }))).toBe('rewrite')
    })

    test('leaves what was kept without any engine', async () => {
      const one = await refusing(['fast', 'second'], [rewrite], both)
      expect(shipped(one)).toBe('rewrite')
      for (const name of ['choice fast', 'choice second'])
        expect(outcomeOf(one, name)).toMatchObject({ kept: false, reason: expect.stringMatching(/not in the last proof/) })
    })

    test('leaves the original where there was nothing else, and says why at the end', async () => {
      const one = await refusing(['fast'], [], ['fast'])
      expect(shipped(one)).toBe('')
      expect(one.told.at(-1)).toMatchObject({
        name: 'choice fast',
        kept: false,
        reason: expect.stringMatching(/not in the last proof/),
      })
    })
  })

  test('that ends its process costs its own row', async () => {
    const one = await run({ timeMs: times({ fast: 2 }), fails: (has) => has('broken') }, [engineRemedy], {
      evidence: { otherEngines: [otherEngine('broken'), otherEngine('fast')] },
    })
    expect(outcomeOf(one, 'choice broken')).toMatchObject({ outcome: 'failed' })
    expect(shipped(one)).toBe('fast')
  })

  test('that fails with and without what was kept says it once', async () => {
    const one = await run({ timeMs: times({ rewrite: 1.5 }), fails: (has) => has('broken') }, [engineRemedy, rewrite], {
      evidence: { otherEngines: [otherEngine('broken')] },
    })
    expect(shipped(one)).toBe('rewrite')
    expect(one.found.tried.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name)).toEqual(['choice broken'])
  })

  test('has a fifth of the budget to be judged in, however late it is', async () => {
    // First looks take 9 readings of 100, and then the clock jumps: pairs start every 200, at 0 to 2000 of 0.2 * 10,250 = 2050.
    const made = exampleBench({ seed: 1, noise: 0, readingMs: 100, timeMs: times({ fast: 2 }) })
    const unclear = Array.from({ length: 12 }, (_, k) => (k % 2 === 0 ? 8 : 11))
    const bench = { ...made, nowMs: () => made.nowMs() + (made.seen.length >= 9 ? 1e6 : 0) }
    const one = await runOn(withScores(bench, 'fast', [9.3, 9.3, 9.3, ...unclear]), made, [engineRemedy], {
      budgetMs: 10_250,
      evidence: { otherEngines: [otherEngine('fast')] },
    })
    expect(outcomeOf(one, 'choice fast')!.judgement!.pairs).toBe(11)
  })

  test('is named by a dry run, and takes none of the budget where there is none', async () => {
    const dry = await on(times({}), [], [otherEngine('fast')], { dryRun: true })
    expect(dry.found.untried).toEqual(['choice fast'])
    expect(dry.bench.seen).toEqual([])
  })
})
