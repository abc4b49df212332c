// The one suite of cases that every engine passes, beside ort-cpu as the reference, or what the makers of its formats recorded. A known gap is a case too: it must fail, so that
// the list of gaps in docs/engines.md stays true. Engines that this machine lacks are left out with a visible line that says why.
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, inject, it, type TestContext } from 'vitest'
import '../../../../../test/needs.ts'
import { describeEngine } from '../../../src/describe-engine.ts'
import { type RawEvent, readDeviceTrace } from '../../../src/engines/onnxruntime/facts/device-trace.ts'
import { CPU_REFUSED } from '../../../src/engines/onnxruntime/facts/error-words.ts'
import { ortCpu } from '../../../src/engines/onnxruntime/ort-cpu.ts'
import type { Availability, Engine, EngineOptions, Feeds, OpenOptions, Results, Session } from '../../../src/engines/types.ts'
import { runLocally } from '../../../src/trials/local-runner.ts'
import { type EngineSuite, floats, onnxSuite, PERCEPTRON, STRINGS, type SuiteModel } from './example-models.ts'
import { plainOptions } from './example-options.ts'

export interface EngineCase {
  readonly engine: Engine
  /** |output - reference| <= absolute + relative * |reference|, for floats; the rest must be equal. */
  readonly tolerance: { readonly absolute: number; readonly relative: number }
  /** Cases of the suite that this engine is known to fail, and why. */
  readonly gaps: Readonly<Record<string, string>>
  readonly options?: Partial<EngineOptions>
  /** Of engines that do not read ONNX. */
  readonly suite?: EngineSuite
  /** Each session is a process of its own that takes seconds to start: cases run in parallel. */
  readonly concurrent?: boolean
  /** As the machine has it. */
  readonly availability: Availability
}

/** Nothing here is timed; the bound is for machines that do much else. */
const TIMEOUT_MS = 240_000

/** Debian's Chromium brings a Vulkan driver that computes on the CPU: it stands in where there is no other. */
const SWIFTSHADER = '/usr/lib/chromium/vk_swiftshader_icd.json'

/** Whether the engine is installed; of WebGPU engines in Node, with the software driver if need be, which then holds for this process. */
export async function availabilityHere({ id }: Engine): Promise<Availability> {
  const found = inject('availability')?.[id] ?? (await describeEngine(runLocally, id, { packageFrom: null }))
  if (found.ok || id !== 'ort-webgpu' || !fs.existsSync(SWIFTSHADER)) return found
  process.env.VK_DRIVER_FILES = SWIFTSHADER
  return describeEngine(runLocally, id, { packageFrom: null })
}

/** Options of further tests of an engine, which are skipped if it is missing. */
export const needsEngine = (found: Availability) => (found.ok ? {} : { meta: { leftOut: `${found.reason}; ${found.fix}` } })

export function checkEngine({
  engine,
  tolerance,
  gaps,
  options = {},
  suite = onnxSuite,
  concurrent = false,
  availability,
}: EngineCase): void {
  if (!availability.ok) {
    const why = `${availability.reason}; ${availability.fix}`
    it(`the suite of ${engine.id}`, ({ skip }) => skip(why))
    return
  }
  /** Models that compile many shaders: on a driver that computes on the CPU each takes seconds. */
  const leftOut = availability.deviceKind === 'software-gpu' && !process.env.WHYSLOW_TEST_FULL
  describe(`${engine.id} ${availability.version} on ${availability.device}`, { timeout: TIMEOUT_MS, concurrent }, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'whyslow-engine-'))
    const opened: Session[] = []
    const given: OpenOptions = { ...plainOptions, ...options }
    const open = async (file: string): Promise<Session> => {
      const session = await engine.open(file, given)
      opened.push(session)
      return session
    }
    const { small, scalar, unknownOperator } = suite
    const fileOf = ({ name, bytes, fixture, file: own }: SuiteModel): string => {
      if (own) return own
      if (fixture) return path.resolve(import.meta.dirname, `../../../../../fixtures/models/${fixture}.onnx`)
      const file = path.join(folder, `${name.replaceAll(/\W+/g, '-')}.onnx`)
      fs.writeFileSync(file, bytes!)
      return file
    }
    const like = (results: Results, reference: Results) => expectLike(results, reference, tolerance)
    // The packages for Node and for the web share a list of backends: the reference must be there first, or the other takes its name.
    beforeAll(async () => {
      const session = await ortCpu.open(fileOf(PERCEPTRON), plainOptions)
      await session.close()
    })
    const referenceOf = async (suiteModel: SuiteModel, feeds: Feeds): Promise<Results> => {
      const { expected, feeds: all } = suiteModel
      if (expected !== undefined) return expected[all.indexOf(feeds)]!
      const session = await ortCpu.open(fileOf(suiteModel), plainOptions)
      const results = await session.run(feeds)
      await session.close()
      return results
    }
    /** A known gap must be there: a case that passes has to leave the list. */
    const test = (name: string, body: (context: TestContext) => Promise<void>) =>
      name in gaps ? it.fails(`${name} (known gap: ${gaps[name]})`, body) : it(name, body)

    afterAll(async () => {
      for (const session of opened) await session.close().catch(() => {})
      await engine.end?.()
      fs.rmSync(folder, { recursive: true, force: true })
    })

    for (const suiteModel of suite.models) {
      test(suiteModel.name, async ({ skip }) => {
        if (suiteModel.large && leftOut) skip('a software adapter compiles its shaders for seconds (npm run test:full)')
        const file = fileOf(suiteModel)
        const session = await open(file)
        for (const feeds of suiteModel.feeds) like(await session.run(feeds), await referenceOf(suiteModel, feeds))
        await session.close()
      })
    }

    test('prepared predictions repeat, and leave their feeds as they were', async () => {
      const session = await open(fileOf(small))
      const [feeds] = small.feeds as [Feeds]
      const before = structuredClone(feeds)
      const predict = session.prepare(feeds)
      for (let k = 0; k < 5; k++) await predict()
      expect(feeds).toEqual(before)
      like(await session.run(feeds), await referenceOf(small, feeds))
      await session.close()
    })

    test('two sessions at once, in turns', async () => {
      const first = await open(fileOf(small))
      const second = await open(fileOf(scalar))
      for (let k = 0; k < 2; k++) {
        like(await first.run(small.feeds[0]!), await referenceOf(small, small.feeds[0]!))
        like(await second.run(scalar.feeds[0]!), await referenceOf(scalar, scalar.feeds[0]!))
      }
      await first.close()
      like(await second.run(scalar.feeds[0]!), await referenceOf(scalar, scalar.feeds[0]!))
      await second.close()
    })

    test('closed and opened again', async () => {
      for (let k = 0; k < 2; k++) {
        const session = await open(fileOf(small))
        like(await session.run(small.feeds[0]!), await referenceOf(small, small.feeds[0]!))
        await session.close()
      }
    })

    test('names its inputs and outputs', async () => {
      const session = await open(fileOf(small))
      expect(session.inputs.map(({ name }) => name)).toEqual(['x'])
      expect(session.outputs.map(({ name, isTensor }) => [name, isTensor])).toEqual([['y', true]])
      await session.close()
    })

    test('an operator that nobody knows is an error that names it', async () => {
      const { file, says, feeds: fed } = unknownOperator
      const run = async () => {
        const session = await open(file)
        return fed && session.run(fed)
      }
      await expect(run()).rejects.toThrow(says)
    })

    test('a wrong shape is an error, and the session goes on', async () => {
      const session = await open(fileOf(small))
      await expect(session.run({ x: floats([1, 7], 1) })).rejects.toThrow(/\S/)
      like(await session.run(small.feeds[0]!), await referenceOf(small, small.feeds[0]!))
      await session.close()
    })

    if (engine.offers.includes('device-tensors')) {
      test('tensors that stay on the device give the same outputs, prediction after prediction', async () => {
        for (const suiteModel of leftOut ? [small] : [small, suite.outputs]) {
          const { feeds } = suiteModel
          const session = await engine.open(fileOf(suiteModel), { ...given, tensorsOnDevice: true })
          opened.push(session)
          const predict = session.prepare(feeds[0]!)
          for (let k = 0; k < 3; k++) await predict()
          like(await session.run(feeds[0]!), await referenceOf(suiteModel, feeds[0]!))
          await session.close()
        }
      })
    }

    if (engine.offers.includes('device-times')) {
      test('a profile that names the nodes of the device', async () => {
        const session = await engine.open(fileOf(small), { ...given, profilePrefix: path.join(folder, 'profile-') })
        opened.push(session)
        const predict = session.prepare(small.feeds[0]!)
        for (let k = 0; k < 3; k++) await predict()
        const trace = readDeviceTrace(JSON.parse(fs.readFileSync((await session.endProfiling!())!, 'utf8')) as RawEvent[], 1)
        await session.close()
        expect(trace).toMatchObject({ deviceNodes: 1, cpuNodes: [], predictions: 2 })
        if (trace.kernelsMs !== null) expect(trace.programs.map(({ opType }) => opType)).toContain('Mul')
      })
    }

    if (engine.offers.includes('cpu-refused')) {
      test('a session that may not use the CPU opens where the device does all, and is refused where not', async () => {
        const alone = { ...given, configEntries: { 'session.disable_cpu_ep_fallback': '1' } }
        const session = await engine.open(fileOf(small), alone)
        like(await session.run(small.feeds[0]!), await referenceOf(small, small.feeds[0]!))
        await session.close()
        await expect(engine.open(fileOf(STRINGS), alone)).rejects.toThrow(CPU_REFUSED)
      })
    }

    describe('timing of its own', () => {
      let session: Session
      beforeAll(async () => {
        session = await open(fileOf(small))
      }, TIMEOUT_MS)
      afterAll(() => session.close())
      it('gives as many samples as it says, all above zero', async (context) => {
        if (!session.sample) return context.skip('it is timed from outside')
        const plan = { sampleMs: 20, least: { warmup: 2, samples: 3 }, maxSamples: 40, warmupMs: 5 }
        const sampled = await session.sample(small.feeds, plan)
        expect(sampled.samplesMs.length).toBeGreaterThanOrEqual(3)
        expect(sampled.samplesMs.length).toBeLessThanOrEqual(40)
        expect(sampled.samplesMs.every((ms) => ms >= 0)).toBe(true)
        expect(sampled.samplesMs.some((ms) => ms > 0)).toBe(true)
        expect(sampled.warmupRuns).toBeGreaterThanOrEqual(2)
        expect(sampled.loadMs).toBeGreaterThan(0)
        expect(sampled.firstMs).toBeGreaterThan(0)
      })
    })
  })
}

function expectLike(results: Results, reference: Results, { absolute, relative }: EngineCase['tolerance']): void {
  expect(Object.keys(results).sort()).toEqual(Object.keys(reference).sort())
  for (const [name, expected] of Object.entries(reference)) {
    const got = results[name]!
    expect([name, got.dtype, [...got.shape]]).toEqual([name, expected.dtype, [...expected.shape]])
    if (expected.dtype !== 'float32' && expected.dtype !== 'float64') {
      expect(Array.from(got.data as ArrayLike<unknown>)).toEqual(Array.from(expected.data as ArrayLike<unknown>))
      continue
    }
    const [a, b] = [got.data, expected.data] as [Float32Array, Float32Array]
    const off = Array.from(b).findIndex((value, i) => !(Math.abs(a[i]! - value) <= absolute + relative * Math.abs(value)))
    expect(off < 0 ? 'alike' : `${name}[${off}] is ${a[off]}, not ${b[off]}`).toBe('alike')
  }
}
