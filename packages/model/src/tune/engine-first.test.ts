// An engine that is twice as fast in a first look is taken before any remedy; the measured one has its turn after it.
import { describe, expect, test } from 'vitest'
import { exampleBench, exampleRemedy, type Has, keyOf } from '../../test/support/tune/example-bench.ts'
import { engineInBits, engineRemedy, otherEngine } from '../../test/support/tune/example-engines.ts'
import { original, outcomeOf, type Ran, type Rest, run, runOn, shipped, times } from '../../test/support/tune/example-search.ts'
import type { Remedy } from '../remedies/kit/remedy.ts'
import type { Bench } from './bench.ts'

const rewrite = exampleRemedy('rewrite', { kind: 'rewrite' })
const engines = ['fast', 'second'].map((id) => otherEngine(id))
const on = (timeMs: (has: Has) => number, remedies: readonly Remedy[], rest: Rest = {}) =>
  run({ timeMs }, [engineRemedy, ...remedies], { ...rest, evidence: { otherEngines: engines, ...rest.evidence } })
const readings = ({ bench }: Ran) => bench.seen.flatMap(({ what, key }) => (what === 'reading' ? [key] : []))

describe('an engine that is twice as fast in a first look', () => {
  test('is taken before any remedy is looked at, and remedies are tried on it', async () => {
    const one = await on(times({ fast: 2.2, rewrite: 1.5 }), [rewrite])
    expect(shipped(one)).toBe('fast+rewrite')
    expect(one.found.kept.map(({ remedy }) => remedy.id)).toEqual(['choice', 'rewrite'])
    const first = readings(one).findIndex((key) => key.includes('rewrite'))
    expect(readings(one)[first]).toBe('fast+rewrite')
    expect(one.told.slice(0, 2).map(({ name }) => name)).toEqual(['choice fast', 'choice second'])
  })

  test('is not lost for want of time', async () => {
    const many = Array.from({ length: 30 }, (_, k) => exampleRemedy(`idle ${k}`))
    for (const budgetMs of [3000, 10_000]) {
      const one = await on(times({ fast: 2.2 }), many, { budgetMs })
      expect(shipped(one)).toBe('fast')
      expect(one.found.proof!.judgement.speedupLow).toBeGreaterThan(2)
    }
  })

  test('and rounds more may do so with remedies on it, which round as they do', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ fast: 2.2, rewrite: 1.5 }) })
    const bench: Bench = {
      ...made,
      async compare(setup, promise, depth) {
        const is16Bits = keyOf(setup).includes('fast')
        if (is16Bits && promise !== 'approximate') return { ok: false, reason: 'differs by 0.6', agreement: null }
        return made.compare(setup, promise, depth)
      },
    }
    const in16Bits = [otherEngine('fast', { effect: 'approximate' })]
    const evidence = { otherEngines: in16Bits, constraints: { fixShapes: false, outputs: null, maxLoss: 0.01 } }
    expect(shipped(await runOn(bench, made, [engineRemedy, rewrite], { evidence }))).toBe('fast+rewrite')
  })

  test('of less comes last', async () => {
    const one = await on(times({ fast: 1.9, rewrite: 1.5 }), [rewrite])
    expect(shipped(one)).toBe('fast+rewrite')
    expect(one.found.kept.map(({ remedy }) => remedy.id)).toEqual(['rewrite', 'choice'])
  })

  test('of other outputs is reported once, and remedies are tried without it', async () => {
    const made = exampleBench({
      seed: 1,
      noise: 0.01,
      timeMs: times({ fast: 3, rewrite: 1.5 }),
      isWrong: (has) => has('fast'),
    })
    const one = await runOn(made, made, [engineRemedy, rewrite], { evidence: { otherEngines: [otherEngine('fast')] } })
    expect(shipped(one)).toBe('rewrite')
    expect(one.told.map(({ name, kept }) => [name, kept])).toEqual([
      ['rewrite', true],
      ['choice fast', false],
      ['choice fast on-the-original', false],
    ])
  })

  test('that may not be kept is no reason', async () => {
    const refused = [otherEngine('fast', { refused: 'it is not among --ship-engines' })]
    const one = await on(times({ fast: 3, rewrite: 1.5 }), [rewrite], { evidence: { otherEngines: refused } })
    expect(shipped(one)).toBe('rewrite')
    expect(outcomeOf(one, 'choice fast')).toMatchObject({ outcome: 'rejected', kept: false })
  })

  test('costs a dry run nothing', async () => {
    const one = await on(times({ fast: 3 }), [rewrite], { dryRun: true })
    expect(one.bench.seen).toEqual([])
    expect(one.found.untried).toEqual(['rewrite', 'choice fast', 'choice second'])
  })
})

describe('what engines take at first', () => {
  /** `clock`: ms that something else than a reading took. */
  const timed = (timeMs: (has: Has) => number, fails: (has: Has) => boolean = () => false) => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs, fails })
    const clock = { ms: 0 }
    return { made, clock, bench: { ...made, nowMs: () => made.nowMs() + clock.ms } }
  }

  test('holds no search for fewer bits, which would take the time of remedies', async () => {
    const { made, clock, bench } = timed(times({ slow: 0.5, rewrite: 1.5 }))
    const int8On = async () => {
      clock.ms += 100_000
      return []
    }
    const evidence = { otherEngines: [otherEngine('slow')] }
    const one = await runOn(bench, made, [engineInBits, rewrite], { evidence, tools: { int8On } })
    expect(shipped(one)).toBe('rewrite')
    expect(one.found.untried).toEqual([])
    expect(outcomeOf(one, 'choice slow int8')).toMatchObject({ outcome: 'no-difference' })
  })

  test('is not the time of remedies if an engine hangs, which it does once', async () => {
    const { made, clock, bench } = timed(times({ rewrite: 1.5 }))
    let hung = 0
    const measure: Bench['measure'] = async (setup, depth) => {
      if (setup.engine === undefined) return made.measure(setup, depth)
      clock.ms += 80_000
      hung++
      return { outcome: 'timed-out', limitMs: 80_000 }
    }
    const evidence = { otherEngines: [otherEngine('hung')] }
    const one = await runOn({ ...bench, measure }, made, [engineRemedy, rewrite], { evidence })
    expect(shipped(one)).toBe('rewrite')
    expect(hung).toBe(1)
    expect(outcomeOf(one, 'choice hung')).toMatchObject({ outcome: 'failed' })
  })

  test('is spent once on what fails with the same model, and again with another', async () => {
    const { made, bench } = timed(times({ rewrite: 1.5, broken: 1.5 }), (has) => has('broken') && !has('rewrite'))
    const evidence = { otherEngines: [otherEngine('broken')] }
    const one = await runOn(bench, made, [engineRemedy, rewrite], { evidence })
    expect(readings(one).filter((key) => key === 'broken')).toHaveLength(1)
    expect(shipped(one)).toBe('broken+rewrite')
  })

  test.each([
    [1.5, 'bits+fast+rewrite'],
    [1, 'fast+rewrite'],
  ])('leaves fewer bits on the engine that is taken to the end: %d times as fast, %s is shipped', async (bits, best) => {
    const { made, bench } = timed(times({ fast: 2.2, rewrite: 1.5, bits }))
    const evidence = { otherEngines: engines }
    const one = await runOn(bench, made, [engineInBits, rewrite], { evidence, tools: { int8On: async () => [] } })
    expect(shipped(one)).toBe(best)
    const first = (id: string) => readings(one).findIndex((key) => key.includes(id))
    expect(first('bits')).toBeGreaterThan(first('rewrite'))
    if (bits > 1)
      expect(outcomeOf(one, 'choice fast')).toMatchObject({ kept: false, reason: 'choice fast int8 is faster in pairs' })
  })
})

describe('the measured engine has its turn', () => {
  /** 4 on the other engine, whatever is done; 10 and this on the measured one. */
  const best = (ms: number) => (has: Has) => (has('fast') || has('second') ? 4 : has('rewrite') ? ms : 10)

  test('and stays where a remedy makes it as fast as the other one', async () => {
    const one = await on(best(4), [rewrite])
    expect(shipped(one)).toBe('rewrite')
    expect(outcomeOf(one, 'choice fast')).toMatchObject({
      kept: false,
      outcome: 'faster',
      reason: 'not clearly faster than example with rewrite on-example',
    })
    expect(one.found.proof!.judgement.speedup).toBeCloseTo(2.5, 0)
  })

  test('and leaves the place to the other one where that is faster', async () => {
    const one = await on(best(6), [rewrite])
    expect(shipped(one)).toBe('fast')
    expect(outcomeOf(one, 'rewrite on-example')).toMatchObject({ kept: false, reason: 'choice fast is faster' })
    expect(one.found.tried.filter(({ kept }) => kept).map(({ name }) => name)).toEqual(['choice fast'])
  })

  test('with late remedies, too', async () => {
    const late = { ...rewrite, late: true }
    expect(shipped(await on(best(3), [late]))).toBe('rewrite')
  })

  test('and what it is given in fewer bits is known by the name of its plan', async () => {
    const wide = exampleRemedy('rewrite', { kind: 'rewrite', precision: 'static' })
    const apply: Remedy['apply'] = async (...given) => (await wide.apply(...given)).map((one) => ({ ...one, variant: 'wide' }))
    const one = await on(best(3), [{ ...wide, apply }])
    expect(one.found.kept.map(({ proposal: { variant, precision } }) => [variant, precision])).toEqual([
      ['wide on-example', { method: 'static', plan: 'wide' }],
    ])
  })

  test.each([
    [false, 'bits+fast', 'choice fast int8 on-the-original is faster without it'],
    [true, 'rewrite', null],
  ])('and meets fewer bits of the other one after it, refused by the last proof: %s', async (isRefused, best, reason) => {
    const wide = exampleRemedy('rewrite', { kind: 'rewrite', precision: 'static' })
    const timeMs = (has: Has) => (has('fast') ? (has('bits') ? 2 : 4) : has('rewrite') ? 3 : 10)
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs })
    const measure: Bench['measure'] = (setup, depth) =>
      made.measure(isRefused && depth === 'shipped' && setup.engine !== undefined ? original : setup, depth)
    const evidence = { otherEngines: [otherEngine('fast')] }
    const tools = { int8On: async () => [] }
    const one = await runOn({ ...made, measure }, made, [engineInBits, wide], { evidence, tools })
    expect(shipped(one)).toBe(best)
    expect(outcomeOf(one, 'rewrite on-example')).toMatchObject({ kept: isRefused, ...(reason === null ? {} : { reason }) })
  })

  test('and comes in its place where the last proof refuses it', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: best(6) })
    const measure: Bench['measure'] = (setup, depth) =>
      made.measure(depth === 'shipped' && setup.engine !== undefined ? original : setup, depth)
    const one = await runOn({ ...made, measure }, made, [engineRemedy, rewrite], { evidence: { otherEngines: engines } })
    expect(shipped(one)).toBe('rewrite')
    expect(one.found.tried.filter(({ kept }) => kept).map(({ name }) => name)).toEqual(['rewrite on-example'])
    expect(outcomeOf(one, 'choice fast')).toMatchObject({ kept: false, reason: expect.stringMatching(/not in the last proof/) })
  })

  test('and where it has nothing, the next best engine comes', async () => {
    const made = exampleBench({ seed: 1, noise: 0.01, timeMs: times({ fast: 3, second: 2.5 }) })
    const measure: Bench['measure'] = (setup, depth) =>
      made.measure(depth === 'shipped' && setup.engine?.id === 'fast' ? original : setup, depth)
    const one = await runOn({ ...made, measure }, made, [engineRemedy, rewrite], { evidence: { otherEngines: engines } })
    expect(shipped(one)).toBe('second')
  })

  test('and a remedy that pays on both is on the engine that is kept', async () => {
    const one = await on(times({ fast: 2.5, rewrite: 2 }), [rewrite])
    expect(shipped(one)).toBe('fast+rewrite')
    expect(keyOf(one.found.setup)).toContain('fast')
    expect(one.found.proof!.judgement.speedup).toBeCloseTo(5, 0)
  })
})
