// The profiler's cost, on an engine whose cost is known: what was put in comes out.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { scriptedClock } from '../../../test/support/engines/example-clock.ts'
import { type EngineScript, type Opened, scriptedEngine } from '../../../test/support/engines/example-engine.ts'
import { plainOptions } from '../../../test/support/engines/example-options.ts'
import { BODY_US, chainSpans, chainUs, PLAIN_US, PROFILER } from '../../../test/support/timing/profile/example-chains.ts'
import { folderOfTests } from '../../../test/support/trials/example-folder.ts'
import type { ChainKind } from '../../chain-models.ts'
import { bodyCost, calibrateProfiler, plainCosts } from './chains.ts'

const folder = folderOfTests()

function setupOf(script: Partial<EngineScript> = {}) {
  const clock = scriptedClock()
  const engine = scriptedEngine({ clock, runMs: (opened) => chainUs(opened)! / 1000, spans: chainSpans, ...script })
  return { engine, options: plainOptions, folder, now: clock.now }
}
/** Of the first prediction: no more than a trace must hold. */
const onlyOnce: EngineScript['spans'] = (opened, k) => (k === 0 ? chainSpans(opened, k) : [])

// Models are written once.
beforeAll(async () => {
  for (const nodes of [10, 200, 800]) await calibrateProfiler(setupOf({ spans: onlyOnce }), PLAIN_US, nodes)
})
const close = (values: object) => Object.fromEntries(Object.entries(values).map(([key, value]) => [key, expect.closeTo(value)]))

describe('a node without the profiler', () => {
  test('costs what a long chain takes more than a short one, so that the call does not count', async () => {
    const setup = setupOf({ runMs: (opened) => 0.5 + chainUs(opened)! / 1000 })
    expect(await plainCosts(setup)).toEqual(close(PLAIN_US))
    expect(setup.engine.log).toEqual(
      ['unary-40', 'unary-160', 'wide-40', 'wide-160', 'varied-2', 'varied-8'].flatMap((_, k, files) =>
        k % 2 === 1 ? [] : ['open', 'close'].flatMap((what) => files.slice(k, k + 2).map((file) => `${what} chain-${file}.onnx`)),
      ),
    )
    expect(existsSync(join(folder, 'chain-varied-8.onnx'))).toBe(true)
  })

  test('is asked in turns: what cuts into one of three does not count', async () => {
    const runs = new Map<string, number>()
    const setup = setupOf({
      runMs(opened) {
        const run = runs.get(opened.file) ?? 0
        runs.set(opened.file, run + 1)
        // The long chain's first loop.
        return (chainUs(opened)! / 1000) * (opened.file === 'chain-unary-160.onnx' && run < 5 ? 10 : 1)
      },
    })
    expect((await plainCosts(setup)).unary).toBeCloseTo(PLAIN_US.unary)
  })

  test('never costs less than nothing', async () => {
    expect(await plainCosts(setupOf({ runMs: ({ file }) => (/-(40|2)\./.test(file) ? 2 : 1) }))).toEqual({
      unary: 0,
      wide: 0,
      varied: 0,
    })
  })

  test('is of nodes as they were written', async () => {
    const setup = setupOf()
    await plainCosts(setup)
    for (const { options } of setup.engine.opened) expect(options).toEqual({ ...plainOptions, graphOptimization: 'disabled' })
  })
})

describe('the profiler', () => {
  test('costs what was put in', async () => {
    expect(await calibrateProfiler(setupOf(), PLAIN_US, 10)).toEqual(close({ ...PROFILER, dispatchUs: PLAIN_US.unary }))
  })

  test('never makes a node faster: where tensors seem to cost more than a whole node, nothing is fixed', async () => {
    // Nodes of nine tensors cost 200 µs more, as those of two and three do not: 50 + 9 · 2 + 200 against 54, 30.6 a tensor.
    const slowWide = ({ file }: Opened) => (file.startsWith('chain-wide') ? 200 : 0)
    const spans: EngineScript['spans'] = (opened, k) =>
      chainSpans(opened, k).map((span) => ({ ...span, us: span.us + slowWide(opened) }))
    const cost = await calibrateProfiler(setupOf({ spans }), PLAIN_US, 10)
    // All of the varied nodes' 56 µs on their three tensors.
    expect(cost).toMatchObject({ fixedUs: 0, perTensorUs: expect.closeTo(56 / 3) })
  })

  test('is not NaN where the engine wrote no trace: the reason is said', async () => {
    await expect(calibrateProfiler(setupOf({ spans: () => [] }), PLAIN_US, 10)).rejects.toThrow(
      'the engine wrote no profile of the chains that calibrate it',
    )
  })

  test('is the middle of predictions that vary, the first apart, which warms up', async () => {
    const pace = [100, 0.5, 0.5, 1.5, 1.5]
    /** Of a node's span, what is the profiler's. */
    const ofProfiler = ({ file }: Opened, us: number) => us - PLAIN_US[file.split('-')[1] as ChainKind]
    const spans: EngineScript['spans'] = (opened, k) =>
      chainSpans(opened, k).map((span) => ({ ...span, us: span.us + (pace[k]! - 1) * ofProfiler(opened, span.us) }))
    const runMs: EngineScript['runMs'] = (opened, k) =>
      chainSpans(opened, k).reduce((us, span) => us + (pace[k]! - 1) * ofProfiler(opened, span.us), chainUs(opened)!) / 1000
    expect(await calibrateProfiler(setupOf({ spans, runMs }), PLAIN_US, 10)).toEqual(
      close({ ...PROFILER, dispatchUs: PLAIN_US.unary }),
    )
  })

  test.each([
    ['a few nodes', 3, ['unary-80', 'wide-80', 'varied-5']],
    ['as many nodes as the model has', 200, ['unary-200', 'wide-200', 'varied-13']],
    ['at most 800', 5000, ['unary-800', 'wide-800', 'varied-50']],
  ])('is measured on chains of %s', async (_, nodes, chains) => {
    // What is asked here is which chains.
    const setup = setupOf({ spans: onlyOnce })
    await calibrateProfiler(setup, PLAIN_US, nodes)
    expect(setup.engine.log).toEqual(chains.flatMap((chain) => [`open chain-${chain}.onnx`, `close chain-${chain}.onnx`]))
  })
})

describe('a round of a body', () => {
  test('costs what it takes beside its nodes', async () => {
    const setup = setupOf()
    expect(await bodyCost(setup, PLAIN_US)).toBeCloseTo(BODY_US)
    expect(setup.engine.log).toEqual(['open loop-20.onnx', 'open loop-120.onnx', 'close loop-20.onnx', 'close loop-120.onnx'])
  })

  test('never costs less than nothing', async () => {
    expect(await bodyCost(setupOf(), { ...PLAIN_US, unary: 1000 })).toBe(0)
  })
})
