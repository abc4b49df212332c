import { mulberry32 } from '@whyslow/graph/random.ts'
import type { MachineDescription } from '@whyslow/report/documents/machine.ts'
import type { SavedMachine, SavedReport } from '@whyslow/report/documents/saved-report.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exampleMachine, exampleReport } from '../../test/support/study/example-reports.ts'
import { estimate } from './estimate.ts'
import { estimateDocument, threadsAsThere } from './estimate-on-machine.ts'
import { type KnownPair, knownPairs, spreadOf, threadChange } from './known.ts'

const described = (machine: SavedMachine) => ({ ...machine, engine: null }) as unknown as MachineDescription
const here = exampleMachine('here')
const given = (there: SavedMachine, known: ReturnType<typeof exampleReport>[] = []) => ({
  ...{ report: exampleReport(here), there: described(there), known, warnings: [] },
})
const totalOf = (machine: SavedMachine) => estimate(exampleReport(here) as unknown as SavedReport, machine).p50Ms

describe('the estimate', () => {
  test('on the same machine is what was measured', () => {
    const { p50Ms, parts } = estimate(exampleReport(here) as unknown as SavedReport, here)
    expect(p50Ms).toBeCloseTo(10)
    expect(parts.map(({ hereMs }) => hereMs)).toEqual([4, 3, 3].map((ms) => expect.closeTo(ms)))
  })

  test('parts add up to both times, and a machine that is faster in all is faster by that', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 10, noNaN: true }),
        fc.double({ min: 0.01, max: 1e3, noNaN: true }),
        (speed, p50Ms) => {
          const { parts, ...total } = estimate(
            exampleReport(here, { p50Ms }) as unknown as SavedReport,
            exampleMachine('there', speed),
          )
          const sum = (key: 'hereMs' | 'thereMs') => parts.reduce((all, part) => all + part[key], 0)
          expect(sum('hereMs') / p50Ms).toBeCloseTo(1)
          expect(total.p50Ms / sum('thereMs')).toBeCloseTo(1)
          expect(total.p50Ms / (p50Ms / speed)).toBeCloseTo(1)
        },
      ),
    )
  })

  test('each part follows its own roof', () => {
    const [roofs] = here.roofs as [SavedMachine['roofs'][number]]
    const withRoofs = (changed: Partial<typeof roofs>) => exampleMachine('there', 1, { roofs: [{ ...roofs, ...changed }] })
    expect(totalOf(withRoofs({ flopsPerSecond: { float32: 50e9 } }))).toBeCloseTo(14)
    expect(totalOf(withRoofs({ bytesPerSecond: { ...roofs.bytesPerSecond, DRAM: 5e9 } }))).toBeCloseTo(13)
    expect(totalOf(withRoofs({ elementsPerSecond: { Pow: 0.5e8, Div: 0.5e9 } }))).toBeCloseTo(13)
  })
})

describe('what is foretold', () => {
  test('without known machines is graded D and bounded by its best and worst part', () => {
    const [roofs] = here.roofs as [SavedMachine['roofs'][number]]
    const there = exampleMachine('there', 1, { roofs: [{ ...roofs, flopsPerSecond: { float32: 50e9 } }] })
    const { there: told, known } = estimateDocument(given(there))
    expect(told).toMatchObject({ basis: 'estimated', grade: 'D', p50Ms: expect.closeTo(14), lowMs: 9, highMs: 22 })
    expect(known).toBeNull()
  })

  test('has the interval by which known machines were foretold', () => {
    // Each machine is 1.2 times as slow as its roofs say, over the one before.
    const machines = [1, 2, 4].map((speed, i) => exampleMachine(`known ${i}`, speed))
    const known = machines.map((machine, i) => exampleReport(machine, { p50Ms: (10 / 2 ** i) * 1.2 ** i }))
    const { there, known: judged } = estimateDocument(given(exampleMachine('there', 2), known))
    expect(judged).toEqual({ pairs: 6, medianError: expect.closeTo(0.2) })
    expect(there).toMatchObject({ grade: 'C', p50Ms: expect.closeTo(5), highMs: expect.closeTo(5 * 1.44) })
  })

  test('is what was measured where that is known', () => {
    const there = exampleMachine('there', 2)
    expect(estimateDocument(given(there, [exampleReport(there, { p50Ms: 6 })]))).toMatchObject({
      there: { basis: 'measured', p50Ms: 6 },
      answer: expect.stringMatching(/was measured to take 6\.00 ms/),
    })
    // Engines with kernels of their own have no roofs that would tell their threads.
    const wasm = exampleReport(exampleMachine('here', 1, { roofs: [] }), { engine: 'ort-wasm' })
    const known = exampleReport(exampleMachine('there', 2, { roofs: [] }), { engine: 'ort-wasm', p50Ms: 6 })
    expect(estimateDocument({ ...given(there, [known]), report: wasm }).there).toMatchObject({ basis: 'measured', p50Ms: 6 })
  })

  test('starts from as many threads as there, where there are so many here', () => {
    const there = described(exampleMachine('there'))
    expect([1, 2, 4].map((usableCpus) => threadsAsThere(there, usableCpus))).toEqual([null, null, 2])
  })

  test('is an estimate where the known document is of other threads on that machine', () => {
    const there = exampleMachine('there', 2)
    const { there: told } = estimateDocument(given(there, [exampleReport(there, { p50Ms: 6, threads: 1 })]))
    expect(told.basis).toBe('estimated')
  })

  test('is refused between families of processors of which nothing is known, and where nothing can be scaled', () => {
    const arm = exampleMachine('arm', 1, { isa: ['neon', 'dotprod'] })
    expect(() => estimateDocument(given(arm))).toThrow(/nothing was ever measured both on x64 and on arm64/)
    const bare = { ...given(here), report: { ...exampleReport(here), profile: null } }
    expect(() => estimateDocument({ ...bare, there: described(exampleMachine('other')) })).toThrow(/nothing can be scaled/)
  })
})

test('what another version of the engine took there is no measurement of this one', () => {
  const there = exampleMachine('there', 2)
  const known = exampleReport(there, { p50Ms: 6, engineVersion: '1.31.0' })
  expect(estimateDocument(given(there, [known])).there.basis).toBe('estimated')
  expect(knownPairs([exampleReport(here), known], 'ort-cpu')).toEqual([])
})

test('pairs are of the same model asked the same on two set-ups of one version of an engine', () => {
  const other = exampleMachine('other', 2)
  const reports = [
    exampleReport(here),
    exampleReport(here, { threads: 1 }),
    exampleReport(other, { batch: 8 }),
    exampleReport(other, { engine: 'ort-wasm' }),
    exampleReport(other, { model: 'b.onnx' }),
  ]
  expect(knownPairs(reports, 'ort-cpu')).toHaveLength(2)
  expect(knownPairs(reports, 'ort-cpu').map(({ threads }) => threads)).toEqual(['fewer', 'more'])
  expect(spreadOf(knownPairs(reports, 'ort-cpu'), 'more')).toBeNull()
})

describe('what known machines tell', () => {
  const pairsOf = (threads: KnownPair['threads'], factors: readonly number[]): KnownPair[] =>
    factors.map((factor) => ({ error: Math.log(factor), families: 'x64 to x64', threads }))

  test('by how much the roofs were beside the truth is taken out, from pairs whose threads changed alike', () => {
    const pairs = [...pairsOf('more', [1.5, 1.5, 1.5, 1.5, 1.5]), ...pairsOf('as many', [1, 1, 1, 1, 1, 1])]
    expect(spreadOf(pairs, 'more')).toEqual({ bias: expect.closeTo(1.5), factor: 1, medianError: 0, pairs: 5, isAlike: true })
    expect(spreadOf(pairs, 'as many')).toEqual({ bias: 1, factor: 1, medianError: 0, pairs: 6, isAlike: true })
    expect(spreadOf(pairs, 'fewer')).toMatchObject({ bias: 1, pairs: 11, isAlike: false })
  })

  test('the interval holds the next of the same kind in four of five', () => {
    // Errors of any shape and middle, the last one unknown: how often is it within?
    let held = 0
    const trials = 2000
    const random = mulberry32(7)
    for (let trial = 0; trial < trials; trial++) {
      const factors = Array.from({ length: 13 }, () => 1.3 * Math.exp(random() ** 3 - 0.4 * random()))
      const next = factors.pop()!
      const { bias, factor } = spreadOf(pairsOf('more', factors), 'more')!
      if (next <= bias * factor && next >= bias / factor) held++
    }
    expect(held / trials).toBeGreaterThan(0.78)
    expect(held / trials).toBeLessThan(0.9)
  })

  test('an estimate is multiplied by it, and says so', () => {
    // From one thread to two of twice the rate: arithmetic and memory take half as long, starts and calls as long as before.
    const oneThread = { roofs: [{ ...here.roofs[0]!, threads: 1, elementsPerSecond: { Pow: 1e8 } }] }
    const scaled = 2 + 1.5 + 3
    const known = ['a', 'b', 'c', 'd', 'e'].flatMap((model) => [
      exampleReport(exampleMachine('known', 1, oneThread), { model }),
      exampleReport(exampleMachine('known with more', 2), { model, p50Ms: 1.5 * scaled }),
    ])
    const report = exampleReport(exampleMachine('here', 1, oneThread))
    const { there, parts, notes } = estimateDocument({ ...given(exampleMachine('there', 2), known), report })
    expect(there).toMatchObject({ p50Ms: expect.closeTo(1.5 * scaled), grade: 'C' })
    expect(parts.reduce((sum, { thereMs }) => sum + thereMs, 0)).toBeCloseTo(there.p50Ms)
    expect(notes.join()).toMatch(/known machines took 1\.5 times what their roofs said, in the middle of 5 pairs/)
  })

  test('pairs within one family of processors do not judge what lies between two', () => {
    const arm = { isa: ['neon', 'dotprod'] }
    const models = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
    const within = models.flatMap((model) =>
      [1, 2].map((speed) => exampleReport(exampleMachine(`x64 ${speed}`, speed), { model, p50Ms: 10 / speed })),
    )
    const between = exampleReport(exampleMachine('arm', 2, arm), { model: 'a', p50Ms: 15 })
    const { there, known } = estimateDocument(given(exampleMachine('another arm', 2, arm), [...within, between]))
    expect([there.grade, known]).toEqual(['D', null])
  })

  test('pairs that are far off, or whose threads changed otherwise, are graded C', () => {
    const models = Array.from({ length: 12 }, (_, k) => `${k}`)
    const knownWith = (off: number, threads: number | null) =>
      models.flatMap((model) => [
        exampleReport(exampleMachine('one', 1), { model }),
        exampleReport(exampleMachine('two', 2), { model, p50Ms: 5 * off, threads }),
      ])
    const gradeWith = (...known: Parameters<typeof knownWith>) =>
      estimateDocument(given(exampleMachine('there', 2), knownWith(...known))).there.grade
    expect(gradeWith(1.05, null)).toBe('A')
    expect(gradeWith(1.2, null)).toBe('B')
    expect(gradeWith(2, null)).toBe('C')
    expect(gradeWith(1.05, 1)).toBe('C')
  })

  test('of several measurements there the latest is told', () => {
    const there = exampleMachine('there', 2)
    const at = (createdAt: string, p50Ms: number) => exampleReport(there, { createdAt, p50Ms })
    const known = [at('2026-01-01T00:00:00.000Z', 7), at('2026-03-01T00:00:00.000Z', 6), at('2026-02-01T00:00:00.000Z', 8)]
    expect(estimateDocument(given(there, known)).there).toMatchObject({ basis: 'measured', p50Ms: 6 })
  })

  test('threads that nothing tells are as many', () => {
    expect(threadChange(undefined, 4)).toBe('as many')
    expect([threadChange(1, 2), threadChange(2, 1), threadChange(2, 2)]).toEqual(['more', 'fewer', 'as many'])
  })
})
